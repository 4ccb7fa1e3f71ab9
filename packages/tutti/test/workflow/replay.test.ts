import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createLogger } from '../../src/observe/index.ts'
import { memoryStorage, type Storage } from '../../src/storage/index.ts'
import { createWorkflows, workflow, type Workflow, type Workflows, type WorkflowsOptions } from '../../src/workflow/public.ts'
import { openStorage, startWorkflows, testClock } from './support.ts'

const clock = testClock()

/** Processes that share a storage, one after the other: each is gone before the next one begins. */
function relay(options: WorkflowsOptions = {}) {
  const storage = memoryStorage({ clock })
  let last: Workflows | undefined
  return {
    storage,
    next: async (...workflows: Workflow[]): Promise<Workflows> => {
      await last?.stop()
      last = createWorkflows(storage, workflows, { clock, ...options })
      await last.start()
      return last
    },
  }
}

describe('a run that is executed again', () => {
  it('gets the values that were recorded', async () => {
    const { next } = relay()
    const seen: unknown[][] = []
    const values = workflow('values', {}, async (w) => {
      const now = [w.now().getTime(), w.random(), w.id(), w.now().getTime()]
      seen.push(now)
      await w.step('a', () => 1)
      await w.sleep('1h')
      return now
    })
    const run = await (await next(values)).run(values, undefined, { id: '1' })
    await clock.advance('5s')
    await next(values)
    await clock.advance('2h')
    expect(await run.result()).toEqual(seen[0])
    expect(seen).toHaveLength(2)
    expect(seen[1]).toEqual(seen[0])
  })

  it('writes no lines again', async () => {
    const lines: unknown[] = []
    const log = createLogger({
      level: 'info',
      destination: { write: (line) => lines.push((JSON.parse(line) as { message: unknown }).message) },
    })
    const { next } = relay({ log })
    const chatty = workflow('chatty', {}, async (w) => {
      w.log.info('before')
      await w.step('a', ({ log: own }) => own.info('within'))
      w.log.info('between')
      await w.sleep('1h')
      w.log.info('after')
    })
    const run = await (await next(chatty)).run(chatty, undefined)
    await clock.advance('5s')
    await next(chatty)
    await clock.advance('2h')
    await run.result()
    expect(lines).toEqual(['before', 'within', 'between', 'after'])
    await next()
  })

  it('is stuck where its code comes to other steps, and goes on with the code that it began with', async () => {
    const { next } = relay()
    const calls: string[] = []
    const version = (...steps: string[]) =>
      workflow('flow', {}, async (w) => {
        for (const step of steps) {
          if (step === 'wait') await w.sleep('1h')
          else await w.step(step, () => void calls.push(step))
        }
        return steps.join(' ')
      })
    const old = version('a', 'b', 'wait', 'c')
    for (const changed of [
      version('a', 'x', 'b', 'wait', 'c'),
      version('b', 'a', 'wait', 'c'),
      version('a'),
      version('wait', 'a', 'b', 'c'),
    ]) {
      calls.length = 0
      const run = await (await next(old)).run(old, undefined)
      await clock.advance('5s')
      const engine = await next(changed)
      await clock.advance('2h')
      await expect(engine.get(changed, run.id).result()).rejects.toMatchObject({
        state: 'stuck',
        failure: { code: 'TUTTI_WORKFLOW_DIVERGED' },
      })
      expect(calls).toEqual(['a', 'b'])
      const mended = (await next(old)).get(old, run.id)
      await mended.retry()
      await clock.advance('2h')
      expect(await mended.result()).toBe('a b wait c')
      expect(calls).toEqual(['a', 'b', 'c'])
    }
    await next()
  })

  it('is not taken by code of another version', async () => {
    const { next } = relay()
    const version = (number: number) =>
      workflow('flow', { version: number }, async (w) => {
        await w.sleep('1h')
        return number
      })
    const first = await (await next(version(1))).run(version(1), undefined)
    await clock.advance('5s')
    const second = await (await next(version(2))).run(version(2), undefined)
    await clock.advance('3h')
    expect((await first.status()).state).toBe('waiting')
    await next(version(1), version(2))
    await clock.advance('5s')
    expect(await first.result()).toBe(1)
    expect(await second.result()).toBe(2)
    await next()
  })

  it('does the old way at an edit that it had passed, and new runs do the new one', async () => {
    const { next } = relay()
    const calls: string[] = []
    const before = workflow('flow', {}, async (w) => {
      await w.step('a', () => void calls.push('a'))
      await w.sleep('1h')
      await w.step('b', () => void calls.push('b'))
      await w.sleep('1h')
    })
    const after = workflow('flow', {}, async (w) => {
      if (w.patched('a2')) await w.step('a2', () => void calls.push('a2'))
      else await w.step('a', () => void calls.push('a'))
      await w.sleep('1h')
      if (w.patched('b2')) await w.step('b2', () => void calls.push('b2'))
      else await w.step('b', () => void calls.push('b'))
      await w.sleep('1h')
    })
    const old = await (await next(before)).run(before, undefined)
    await clock.advance('5s')
    const fresh = await (await next(after)).run(after, undefined)
    await clock.advance('61m')
    expect(calls).toEqual(['a', 'a2', 'b2', 'b2'])
    await next(after)
    await clock.advance('2h')
    await old.result()
    await fresh.result()
    expect((await fresh.steps()).map(({ step }) => step)).toEqual(['patch a2', 'a2', 'sleep', 'patch b2', 'b2', 'sleep#2'])
    expect((await old.steps()).map(({ step }) => step)).toEqual(['a', 'sleep', 'patch b2', 'b2', 'sleep#2'])
    await next()
  })

  it('keeps what branches did, in whatever order they got on', async () => {
    const { next } = relay()
    const calls: string[] = []
    const flow = workflow('flow', {}, (w) =>
      w.all({
        left: async () => {
          await w.step('one', () => void calls.push('left one'))
          await w.sleep('1h')
          await w.step('two', () => void calls.push('left two'))
          return 'l'
        },
        right: async () => {
          await w.step('one', () => void calls.push('right one'))
          const { a, b } = await w.all({ a: () => w.step('deep', () => 'A'), b: () => w.step('deep', () => 'B') })
          await w.sleep('2h')
          return a + b
        },
      }),
    )
    const run = await (await next(flow)).run(flow, undefined)
    await clock.advance('90m')
    await next(flow)
    await clock.advance('1h')
    expect(await run.result()).toEqual({ left: 'l', right: 'AB' })
    expect(calls.toSorted()).toEqual(['left one', 'left two', 'right one'])
    const steps = (await run.steps()).map(({ step }) => step)
    expect(steps.toSorted()).toEqual(['left/one', 'left/sleep', 'left/two', 'right/a/deep', 'right/b/deep', 'right/one', 'right/sleep'])
    await next()
  })

  it('throws the error of the branch that failed first', async () => {
    const { next } = relay()
    const caught: string[] = []
    const flow = workflow('flow', { retry: { attempts: 1 } }, async (w) => {
      try {
        await w.all({
          slow: async () => {
            await w.step('try', async () => {
              await clock.sleep('20m')
              throw new Error('slow')
            })
          },
          quick: () =>
            w.step('try', async () => {
              await clock.sleep('10m')
              throw new Error('quick')
            }),
        })
      } catch (error) {
        caught.push(error instanceof Error ? error.message : '')
      }
      await w.sleep('1h')
    })
    const run = await (await next(flow)).run(flow, undefined)
    await clock.advance('40m')
    await next(flow)
    await clock.advance('2h')
    await run.result()
    expect(caught).toHaveLength(2)
    expect(new Set(caught)).toEqual(new Set(['The step quick/try failed after 1 attempt: quick']))
    await next()
  })
})

describe('a run that goes on with a new journal', () => {
  it('begins again with another input, under the same id', async () => {
    const { next, storage } = relay()
    const keys: string[] = []
    const counter = workflow('counter', { input: z.object({ n: z.number() }), signals: { go: z.string() } }, async (w, { n }) => {
      for (let i = 0; i < 100; i++) await w.step('count', ({ key }) => void (i === 0 && keys.push(key)))
      const said = await w.signal('go')
      return n < 3 ? w.continueAs({ n: n + 1 }) : said
    })
    const run = await (await next(counter)).run(counter, { n: 1 }, { id: 'c' })
    await run.signal('go', 'one')
    await run.signal('go', 'two')
    await run.signal('go', 'three')
    await clock.advance('5s')
    expect(await run.result()).toBe('three')
    expect(keys).toEqual(['counter/c/count', 'counter/c.1/count', 'counter/c.2/count'])
    expect(await storage.state.list('run-pages:counter/')).toHaveLength(1)
    await next()
  })
})

describe('a journal', () => {
  const long = workflow('long', { input: z.number() }, async (w, count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += await w.step('add', () => 1)
    await w.sleep('1h')
    return sum
  })

  it('is read in pages', async () => {
    const { next, storage } = relay()
    const run = await (await next(long)).run(long, 1_000)
    await clock.advance('5s')
    expect((await storage.state.list('run-pages:long/')).length).toBe(15)
    await next(long)
    await clock.advance('2h')
    expect(await run.result()).toBe(1_000)
    expect(await run.steps()).toHaveLength(1_001)
    await next()
  })

  it('has a limit', async () => {
    const { next } = relay({ steps: 50, payload: 1_000 })
    const run = await (await next(long)).run(long, 51)
    await clock.advance('5s')
    await expect(run.result()).rejects.toMatchObject({
      state: 'failed',
      failure: { code: 'TUTTI_RUN_LIMIT', message: expect.stringContaining('continueAs') },
    })
    const large = workflow('large', {}, (w) => w.step('large', () => 'x'.repeat(1_001)))
    const second = await (await next(large)).run(large, undefined)
    await clock.advance('5s')
    await expect(second.result()).rejects.toMatchObject({ failure: { path: 'large', message: expect.stringContaining('1003 characters') } })
    await next()
  })
})

describe('a transaction', () => {
  it('commits with the record of it, or not at all', async () => {
    const storage: Storage = await openStorage('sqlite')
    await storage.sql`create table accounts (id text primary key, amount integer not null)`
    await storage.sql`insert into accounts (id, amount) values ('a', 10)`
    let tries = 0
    const pay = workflow('pay', { retry: { attempts: 3, delay: 1 } }, (w) =>
      w.all({
        first: () =>
          w.tx('debit', async ({ sql }) => {
            await sql`update accounts set amount = amount - 1 where id = 'a'`
            if (++tries < 3) throw new Error('not yet')
            return tries
          }),
        second: () => w.tx('look', async ({ sql }) => (await sql`select amount from accounts`).length),
        third: () => w.step('other', () => 'x'),
      }),
    )
    const engine = await startWorkflows(storage, [pay])
    const run = await engine.run(pay, undefined)
    expect(await run.result()).toEqual({ first: 3, second: 1, third: 'x' })
    expect(await storage.sql`select amount from accounts`).toEqual([{ amount: 9 }])
    expect((await run.steps()).map(({ step }) => step).toSorted()).toEqual(['first/debit', 'second/look', 'third/other'])
  })
})
