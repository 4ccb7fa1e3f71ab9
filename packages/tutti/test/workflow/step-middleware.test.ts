import { describe, expect, it } from 'vitest'
import { command } from '../../src/message/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { workflow, type StepMiddleware } from '../../src/workflow/public.ts'
import { startWorkflows } from './support.ts'
import * as z from 'zod'

const Notify = command('notify', { input: z.object({ to: z.string() }), output: z.string() })

const order = workflow('order', { version: 2, retry: { attempts: 3, delay: 1 } }, async (w) => {
  await w.step('reserve', ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('not yet')) : 'held'), { undo: () => undefined })
  await w.tx('book', async () => 'booked')
  await w.send(Notify({ to: 'me' }), { name: 'tell' })
  await w.all({ label: () => w.step('print', () => 'printed') })
  throw w.fail('changed my mind')
})

const verbs = { sendWith: () => Promise.resolve('told'), ask: () => Promise.reject(new Error('nobody asks')) } as never

describe('middleware of steps', () => {
  it('wraps each attempt of whatever has an effect, the first one outermost', async () => {
    const seen: string[] = []
    const named =
      (name: string): StepMiddleware =>
      async ({ run, step, kind, attempt, key }, next) => {
        const begun = `${name} ${run.workflow}@${run.version} ${kind} ${step} ${attempt}`
        expect(key).toBe(`order/${run.id}/${step}`)
        try {
          const result = await next()
          seen.push(`${begun}: ${String(result)}`)
        } catch (error) {
          seen.push(`${begun} failed`)
          throw error
        }
      }
    const engine = await startWorkflows(memoryStorage(), [order], { use: [named('outer'), named('inner')], verbs })
    const run = await engine.run(order, undefined)
    await expect(run.result()).rejects.toMatchObject({ state: 'compensated' })
    expect(seen.filter((line) => line.startsWith('outer')).map((line) => line.slice('outer order@2 '.length))).toEqual([
      'step reserve 1 failed',
      'step reserve 2: held',
      'tx book 1: booked',
      'send tell 1: [object Object]',
      'step label/print 1: printed',
      'undo undo:reserve 1: undefined',
    ])
    expect(seen.map((line) => line.split(' ')[0])).toEqual(Array.from({ length: 6 }, () => ['inner', 'outer']).flat())
    expect((await run.steps()).map(({ step, result }) => `${step}: ${String(result)}`)).toContain('reserve: held')
  })

  it('may give another result, and fail what it wraps', async () => {
    const guarded = workflow('guarded', {}, async (w) => {
      const first = await w.step('first', () => 'plain')
      await w.step('second', () => 'never', { retry: { attempts: 1 } }).catch(() => undefined)
      return first
    })
    const use: StepMiddleware[] = [
      async ({ step }, next) => {
        if (step === 'second') throw new Error('not allowed')
        return `<${String(await next())}>`
      },
    ]
    const engine = await startWorkflows(memoryStorage(), [guarded], { use })
    const run = await engine.run(guarded, undefined)
    expect(await run.result()).toBe('<plain>')
    expect((await run.steps()).map(({ step, failure }) => [step, failure?.message])).toEqual([
      ['first', undefined],
      ['second', 'not allowed'],
    ])
  })

  it('is code of the steps: it cannot do steps itself', async () => {
    const outside = workflow('outside', {}, async (w) => {
      doStep = () => w.step('hidden', () => 1)
      await w.step('plain', () => 1, { retry: { attempts: 1 } })
    })
    let doStep = (): Promise<unknown> => Promise.resolve()
    const use: StepMiddleware[] = [
      async (_, next) => {
        await doStep()
        return next()
      },
    ]
    const engine = await startWorkflows(memoryStorage(), [outside], { use })
    const run = await engine.run(outside, undefined)
    await expect(run.result()).rejects.toThrow(/outside of its steps/)
  })
})
