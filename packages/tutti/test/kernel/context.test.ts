import { describe, expect, it } from 'vitest'
import { currentContext, runInContext, runOutsideContext } from '../../src/kernel/index.ts'
import { contextOf } from './context-of.ts'

describe('context', () => {
  it('is seen by everything that work awaits and starts', async () => {
    const context = contextOf({ tenant: 'a' })
    const seen = await runInContext(
      context,
      async (n: number) => {
        await new Promise((resolve) => setImmediate(resolve))
        return [n, currentContext()]
      },
      7,
    )
    expect(seen).toEqual([7, context])
    expect(currentContext()).toBeUndefined()
  })

  it('keeps concurrent work apart', async () => {
    const tenantLater = async (): Promise<string | undefined> => {
      await new Promise((resolve) => setImmediate(resolve))
      return currentContext()?.tenant
    }
    const tenants = ['a', 'b', 'c']
    expect(await Promise.all(tenants.map((tenant) => runInContext(contextOf({ tenant }), tenantLater, undefined)))).toEqual(tenants)
  })

  it('can be left', () => {
    const inside = runInContext(contextOf(), () => [runOutsideContext(currentContext), currentContext()?.correlationId], undefined)
    expect(inside).toEqual([undefined, 'c'])
  })
})
