import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { memoryStorage } from '../../src/storage/index.ts'
import { createWorkflows, workflow, type Workflow, type WorkflowsOptions } from '../../src/workflow/public.ts'
import { openStorage, startWorkflows, storages, testClock } from './support.ts'

const approval = workflow(
  'approval',
  { signals: { approved: z.object({ by: z.string(), at: z.date() }), note: z.string() } },
  async (w) => {
    const answer = await w.signal('approved', { within: '3d' })
    const note = await w.signal('note', { within: '1s' })
    return answer === undefined ? 'nobody answered' : `${answer.by} ${answer.at.getTime()} ${note}`
  },
)

/** Workflows on a clock that stands still. */
async function timed(workflows: readonly Workflow[], options: WorkflowsOptions = {}) {
  const clock = testClock()
  const storage = memoryStorage({ clock })
  const start = async () => {
    const engine = createWorkflows(storage, workflows, { clock, poll: '10m', lease: '30m', ...options })
    await engine.start()
    return engine
  }
  return { clock, storage, start, engine: await start() }
}

describe.each(storages)('a signal on %s', (kind) => {
  it('is taken by a run that waits for it', async () => {
    const engine = await startWorkflows(await openStorage(kind), [approval])
    const run = await engine.run(approval, undefined)
    await expect.poll(async () => (await run.status()).state).toBe('running')
    await run.signal('approved', { by: 'Ada', at: new Date(5) })
    await run.signal('note', 'fine')
    expect(await run.result()).toBe('Ada 5 fine')
    await expect(run.signal('note', 'late')).rejects.toMatchObject({ code: 'TUTTI_RUN_ENDED' })
  })

  it('is kept until the run asks for it, wherever it is sent from', async () => {
    const storage = await openStorage(kind)
    const here = createWorkflows(storage, [approval])
    const run = await here.run(approval, undefined, { id: '1' })
    await run.signal('note', 'first')
    await run.signal('note', 'second', { key: 'n2' })
    await run.signal('note', 'second again', { key: 'n2' })
    await run.signal('approved', { by: 'Bob', at: new Date(1) })
    expect(await run.status()).toMatchObject({ state: 'queued', inbox: 3 })
    const there = await startWorkflows(storage, [approval])
    expect(await there.get(approval, '1').result()).toBe('Bob 1 first')
  })

  it('is refused where it does not exist, does not fit, or has no run', async () => {
    const engine = await startWorkflows(await openStorage(kind), [approval])
    const run = await engine.run(approval, undefined)
    await expect(run.signal('nothing' as never, 1 as never)).rejects.toMatchObject({ code: 'TUTTI_SIGNAL_UNKNOWN' })
    await expect(run.signal('note', 1 as never)).rejects.toMatchObject({ code: 'TUTTI_VALIDATION' })
    await expect(engine.get(approval, 'x').signal('note', 'a')).rejects.toMatchObject({ code: 'TUTTI_RUN_UNKNOWN' })
    await run.cancel()
  })
})

describe('a run that waits', () => {
  it('leaves the memory, and goes on in any process', async () => {
    const { clock, storage, engine, start } = await timed([approval])
    const run = await engine.run(approval, undefined, { id: '1' })
    await clock.advance('5s')
    const waiting = await run.status()
    expect(waiting).toMatchObject({ state: 'waiting', owner: undefined })
    expect(waiting.waitsFor).toEqual([{ step: 'approved', kind: 'signal', until: new Date(waiting.createdAt.getTime() + 3 * 86_400_000) }])
    await engine.stop()
    const other = await start()
    await other.get(approval, '1').signal('approved', { by: 'Eve', at: new Date(2) })
    await other.get(approval, '1').signal('note', 'x')
    await clock.advance('2s')
    expect(await other.get(approval, '1').result()).toBe('Eve 2 x')
    expect((await storage.state.get('runs:approval/1'))?.epoch).toBeGreaterThan(1)
    await other.stop()
  })

  it('goes on by itself when the time is over, as it was when it began to wait', async () => {
    const { clock, engine, start } = await timed([approval])
    const run = await engine.run(approval, undefined, { id: '1' })
    await clock.advance('2d')
    await engine.stop()
    const other = await start()
    await clock.advance('23h')
    expect((await run.status()).state).toBe('waiting')
    await clock.advance('62m')
    expect(await other.get(approval, '1').result()).toBe('nobody answered')
    await other.stop()
  })

  it('sleeps for long without anybody looking', async () => {
    const sleeper = workflow('sleeper', {}, async (w) => {
      const before = w.now()
      await w.sleep('30d')
      await w.sleep(new Date(w.now().getTime() + 5))
      return w.now().getTime() - before.getTime()
    })
    const { clock, engine } = await timed([sleeper], { poll: '6h', lease: '6h' })
    const runs = await Promise.all(Array.from({ length: 20 }, () => engine.run(sleeper, undefined)))
    await clock.advance('30d')
    await clock.advance('2s')
    for (const run of runs) expect(await run.result()).toBeGreaterThanOrEqual(30 * 86_400_000 + 5)
    await engine.stop()
  })

  it('for its next attempt goes on counting', async () => {
    const tried: number[] = []
    const stubborn = workflow('stubborn', {}, (w) =>
      w.step(
        'try',
        ({ attempt }) => {
          tried.push(attempt)
          if (attempt < 4) throw new Error('not yet')
          return attempt
        },
        { retry: { attempts: 4, delay: '1h', jitter: 'none', backoff: 'constant', maxDelay: '1h' } },
      ),
    )
    const { clock, engine, start } = await timed([stubborn])
    const run = await engine.run(stubborn, undefined, { id: '1' })
    await clock.advance('90m')
    expect(tried).toEqual([1, 2])
    expect((await run.status()).waitsFor).toMatchObject([{ step: 'try', kind: 'step', attempts: 2, failure: { message: 'not yet' } }])
    await engine.stop()
    const other = await start()
    await clock.advance('2h')
    expect(await other.get(stubborn, '1').result()).toBe(4)
    expect(tried).toEqual([1, 2, 3, 4])
    await other.stop()
  })
})

describe('a deadline', () => {
  it('undoes the run when it has passed, also where the run is in no memory', async () => {
    const undone: string[] = []
    const slow = workflow('slow', { deadline: '1h' }, async (w) => {
      await w.step('hold', () => 1, { undo: () => undone.push('hold') })
      await w.sleep('2h')
    })
    const { clock, engine } = await timed([slow])
    const run = await engine.run(slow, undefined)
    await clock.advance('59m')
    expect((await run.status()).state).toBe('waiting')
    await clock.advance('2m')
    await expect(run.result()).rejects.toMatchObject({ state: 'compensated', failure: { code: 'TUTTI_DEADLINE_EXCEEDED' } })
    expect(undone).toEqual(['hold'])
    await engine.stop()
  })
})

describe('a time-out', () => {
  it('ends an attempt, whose signal fires', async () => {
    const aborted: unknown[] = []
    const { clock, engine } = await timed([])
    await engine.stop()
    const hanging = workflow('hanging', { timeout: '5s', retry: { attempts: 2, delay: 10 } }, (w) =>
      w.step('hang', ({ signal, attempt }) =>
        attempt === 2 ? 'at last' : new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason))),
      ),
    )
    const other = createWorkflows(memoryStorage({ clock }), [hanging], { clock })
    await other.start()
    const run = await other.run(hanging, undefined)
    await clock.advance('6s')
    expect(await run.result()).toBe('at last')
    expect(aborted).toMatchObject([{ code: 'TUTTI_TIMEOUT' }])
    await other.stop()
  })
})
