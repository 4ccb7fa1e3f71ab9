import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../src/storage/index.ts'
import { createWorkflows, workflow, type RunQuery } from '../../src/workflow/public.ts'
import type { RunState, RunValue } from '../../src/workflow/run-document.ts'

const flow = workflow('flow', {}, () => Promise.resolve())

/** An engine that looks at many runs: almost all of them wait. */
async function many(count: number, stateOf: (i: number) => RunState) {
  const storage = memoryStorage()
  const now = Date.now()
  const changes = Array.from({ length: count }, (_, i) => {
    const state = stateOf(i)
    const value: RunValue = {
      version: 1,
      state,
      input: undefined,
      createdAt: now - i,
      context: { correlationId: 'c' },
      generation: 0,
      writes: 0,
      claims: 0,
      tail: [],
      pages: 0,
      paged: 0,
    }
    const due = state === 'running' ? now - i : now + 1_000_000
    return { key: `runs:flow/${String(i).padStart(5, '0')}`, value, status: 'open@1', due, tenant: i % 100 === 0 ? 'rare' : 'usual' }
  })
  await storage.state.write(changes)
  return createWorkflows(storage, [flow])
}

describe('looking for few runs among many', () => {
  it('takes some pages where the storage cannot tell them apart, and comes to all of them', async () => {
    const engine = await many(3_000, (i) => (i % 700 === 699 ? 'undoing' : 'waiting'))
    const pages: string[][] = []
    let after: string | undefined
    do {
      const { runs, next } = await engine.list({ state: 'undoing', limit: 3, ...(after !== undefined && { after }) })
      pages.push(runs.map(({ id }) => id))
      after = next
    } while (after !== undefined)
    expect(pages.length).toBeGreaterThan(3)
    expect(pages.flat()).toEqual(['00699', '01399', '02099', '02799'])
  })

  it('takes one page where they go on, or are those of a tenant', async () => {
    const engine = await many(3_000, (i) => (i % 700 === 699 ? 'running' : 'waiting'))
    const page = async (query: RunQuery): Promise<string[]> => (await engine.list(query)).runs.map(({ id }) => id)
    expect(await page({ state: 'running' })).toEqual(['00699', '01399', '02099', '02799'])
    const { runs, next } = await engine.list({ state: 'running', limit: 3 })
    expect(runs).toHaveLength(3)
    expect(await page({ state: 'running', limit: 3, after: next ?? '' })).toEqual(['02799'])
    expect(await page({ tenant: 'rare' })).toHaveLength(30)
    expect(await page({ state: 'running', backwards: true })).toEqual(['02799', '02099', '01399', '00699'])
  })

  it('goes backwards from the last id, page by page, also from one part to the next', async () => {
    const engine = await many(40, (i) => (i % 2 === 0 ? 'running' : 'waiting'))
    for (const [query, wanted] of [
      [{}, Array.from({ length: 40 }, (_, i) => 39 - i)],
      [{ tenant: 'rare' }, [0]],
      [{ state: 'waiting' }, Array.from({ length: 20 }, (_, i) => 39 - 2 * i)],
    ] as const) {
      const found: number[] = []
      let after: string | undefined
      do {
        const { runs, next } = await engine.list({ ...query, backwards: true, limit: 10, ...(after !== undefined && { after }) })
        found.push(...runs.map(({ id }) => Number(id)))
        after = next
      } while (after !== undefined)
      expect(found).toEqual(wanted)
    }
  })
})
