import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { memoryStorage } from '../../src/storage/index.ts'
import { createWorkflows, workflow, type Workflow, type Workflows, type WorkflowsOptions } from '../../src/workflow/public.ts'
import type { RunValue } from '../../src/workflow/run-document.ts'
import { faultyStorage } from './faulty-storage.ts'
import { openStorage, storages, testClock } from './support.ts'

/** Some processes on one storage and one clock. */
async function processes(workflows: readonly Workflow[], count = 1, options: WorkflowsOptions = {}) {
  const clock = testClock()
  const storage = memoryStorage({ clock })
  const engines: Workflows[] = []
  for (let i = 0; i < count; i++) {
    const engine = createWorkflows(storage, workflows, { clock, owner: `p${i}`, ...options })
    await engine.start()
    engines.push(engine)
  }
  const stop = async (): Promise<void> => {
    const stopped = Promise.all(engines.map((engine) => engine.stop()))
    await clock.advance('11s')
    await stopped
  }
  return { clock, storage, engines, stop, engine: engines[0] as Workflows }
}

/** A workflow whose runs end when the test says so, and how many of them go on. */
function held(name: string, options: Parameters<typeof workflow>[1] & object = {}) {
  const open = new Map<string, () => void>()
  const begun: string[] = []
  let most = 0
  const definition = workflow(name, { input: z.string(), ...options } as { input: z.ZodString }, (w, input) =>
    w.step('hold', async () => {
      begun.push(input)
      await new Promise<void>((resolve) => {
        open.set(w.info.id, () => {
          open.delete(w.info.id)
          resolve()
        })
        most = Math.max(most, open.size)
      })
      return input
    }),
  )
  const endOne = (): void => {
    const [end] = open.values()
    end?.()
  }
  return { definition, open, begun, endOne, most: () => most }
}

describe('the limit of a workflow', () => {
  it('holds for all processes together', async () => {
    const flow = held('flow', { concurrency: 3 })
    const { clock, engines, engine, stop } = await processes([flow.definition], 3)
    const runs = []
    for (let i = 0; i < 20; i++) runs.push(await (engines[i % 3] as Workflows).run(flow.definition, String(i)))
    for (let ended = 0; ended < 20; ended++) {
      await clock.advance('2s')
      expect(flow.open.size).toBe(Math.min(3, 20 - ended))
      flow.endOne()
    }
    await clock.advance('2s')
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
    expect(flow.most()).toBe(3)
    expect((await engine.list({ state: 'completed' })).runs).toHaveLength(20)
    await stop()
  })

  it('counts runs of different keys apart, and lets them in by turn', async () => {
    const flow = held('flow', { concurrency: { limit: 1, by: (input: string) => input.slice(0, 1) } } as object)
    const { clock, storage, engine, stop } = await processes([flow.definition])
    for (const input of ['a1', 'a2', 'b1', 'a3']) {
      await engine.run(flow.definition, input)
      await clock.advance('1s')
    }
    expect(flow.begun).toEqual(['a1', 'b1'])
    flow.endOne()
    await clock.advance('1s')
    expect(flow.begun).toEqual(['a1', 'b1', 'a2'])
    for (let i = 0; i < 4; i++) {
      flow.endOne()
      await clock.advance('1s')
    }
    expect(flow.begun).toEqual(['a1', 'b1', 'a2', 'a3'])
    expect((await storage.state.list<{ holders: unknown[] }>('run-gates:flow/')).map(({ value }) => value.holders)).toEqual([[], []])
    await stop()
  })

  it('is no matter for a run that is cancelled before it was let in', async () => {
    const flow = held('flow', { concurrency: 1 })
    const { clock, engine, stop } = await processes([flow.definition])
    const [first, second, third] = [
      await engine.run(flow.definition, '1'),
      await engine.run(flow.definition, '2'),
      await engine.run(flow.definition, '3'),
    ]
    await clock.advance('2s')
    expect(await second.cancel('changed my mind')).toBe(true)
    await clock.advance('2s')
    await expect(second.result()).rejects.toMatchObject({
      state: 'cancelled',
      failure: { message: expect.stringContaining('changed my mind') },
    })
    expect(flow.begun).toEqual(['1'])
    flow.endOne()
    await clock.advance('2s')
    flow.endOne()
    await clock.advance('2s')
    expect([await first.result(), await third.result()]).toEqual(['1', '3'])
    await stop()
  })
})

describe('the place of a run', () => {
  it('is given on where it came when the run had been given up already', async () => {
    const clock = testClock()
    const shared = memoryStorage({ clock })
    const faulty = faultyStorage(shared)
    const flow = held('flow', { concurrency: 1 })
    // It has room for one run only, so that the other process takes what comes after it.
    const first = createWorkflows(shared, [flow.definition], { clock, owner: 'first', concurrency: 1 })
    await first.start()
    await first.run(flow.definition, '1', { id: '1' })
    await clock.advance('1s')
    const second = createWorkflows(faulty.storage, [flow.definition], { clock, owner: 'second' })
    await second.start()
    const given = await second.run(flow.definition, '2', { id: '2' })
    await clock.advance('2s')
    faulty.write(
      ({ key, ...change }) => key === 'runs:flow/2' && 'status' in change && change.status === 'cancelled',
      async (commit) => {
        flow.endOne()
        await expect.poll(async () => (await shared.state.get<RunValue>('runs:flow/2'))?.value.admission?.admitted).toBe(true)
        return commit()
      },
    )
    await given.cancel('changed my mind')
    await clock.advance('3s')
    await expect.poll(async () => (await given.status()).state).toBe('cancelled')
    expect((await shared.state.list<{ holders: unknown[] }>('run-gates:flow/')).map(({ value }) => value.holders)).toEqual([[]])
    const third = await second.run(flow.definition, '3')
    await clock.advance('2s')
    flow.endOne()
    await clock.advance('2s')
    expect(await third.result()).toBe('3')
    const stopped = Promise.all([first.stop(), second.stop()])
    await clock.advance('11s')
    await stopped
  })

  it('is that of a run that is stuck, until it has ended', async () => {
    const storage = memoryStorage()
    const steps: string[] = ['one']
    const flow = workflow('flow', { concurrency: 1, signals: { go: z.string() } }, async (w) => {
      for (const name of steps) await w.step(name, () => name)
      return w.signal('go')
    })
    const engine = createWorkflows(storage, [flow], { idle: 10, poll: 10 })
    await engine.start()
    const stuck = await engine.run(flow, undefined, { id: 'a' })
    await expect.poll(async () => (await stuck.status()).owner).toBe(undefined)
    steps[0] = 'other'
    await stuck.signal('go', 'on')
    await expect.poll(async () => (await stuck.status()).state).toBe('stuck')
    steps[0] = 'one'
    await stuck.cancel('it will never work')
    await expect.poll(async () => (await stuck.status()).state).toBe('cancelled')
    const next = await engine.run(flow, undefined)
    await next.signal('go', 'x')
    expect(await next.result()).toBe('x')
    await engine.stop()
  })
})

describe('the rate of a workflow', () => {
  const second = 1_000
  /** Runs that say when they begin. */
  const paced = (starts: number[]) => workflow('flow', { rate: { limit: 5, per: '10s' } }, async (w) => void starts.push(w.now().getTime()))
  /** The most that began in any ten seconds. */
  const most = (starts: readonly number[]): number =>
    Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + 10 * second).length))

  it('holds in any span of time, and lets them in as they came', async () => {
    const starts: number[] = []
    const flow = paced(starts)
    const { clock, engine, stop } = await processes([flow])
    const begin = clock.now()
    const runs = await Promise.all(Array.from({ length: 13 }, () => engine.run(flow, undefined)))
    await clock.advance('1s')
    expect(starts).toHaveLength(5)
    for (let i = 0; i < 60 && starts.length < 13; i++) await clock.advance('1s')
    await Promise.all(runs.map((run) => run.result()))
    expect(most(starts)).toBe(5)
    // Those that had to wait do not come all at once.
    expect(starts.slice(5).map((at) => Math.round((at - begin) / second))).toEqual([10, 12, 14, 16, 18, 20, 22, 24])
    await stop()
  })

  it('holds where nobody was there when their time came', async () => {
    const starts: number[] = []
    const flow = paced(starts)
    const { clock, storage, engine } = await processes([flow])
    for (let i = 0; i < 25; i++) await engine.run(flow, undefined)
    await clock.advance('1s')
    const stopped = engine.stop({ timeout: 1 })
    await clock.advance('1s')
    await stopped
    await clock.advance('10m')
    const next = createWorkflows(storage, [flow], { clock, owner: 'next' })
    await next.start()
    for (let i = 0; i < 90 && starts.length < 25; i++) await clock.advance('1s')
    expect([starts.length, most(starts)]).toEqual([25, 5])
    const ended = next.stop({ timeout: 1 })
    await clock.advance('1s')
    await ended
  })
})

describe('the room of a process', () => {
  it('is shared by all workflows, and what has a higher priority begins first', async () => {
    const busy = held('busy')
    const rare = held('rare')
    const { clock, engine, stop } = await processes([busy.definition, rare.definition], 1, { concurrency: 4 })
    for (let i = 0; i < 50; i++) await engine.run(busy.definition, `busy ${i}`)
    await clock.advance('1s')
    expect(busy.open.size).toBe(4)
    await engine.run(busy.definition, 'urgent', { priority: 9 })
    await engine.run(rare.definition, 'rare')
    for (let i = 0; i < 4; i++) busy.endOne()
    await clock.advance('2s')
    expect(rare.begun).toEqual(['rare'])
    expect(busy.begun.slice(4)).toEqual(['urgent', 'busy 4', 'busy 5'])
    for (let i = 0; i < 50; i++) {
      busy.endOne()
      rare.endOne()
      await clock.advance('100ms')
    }
    await stop()
  })
})

describe.each(storages)('runs on %s', (kind) => {
  it('are found by what they are, in pages', async () => {
    const clock = testClock()
    const storage = await openStorage(kind)
    const ok = workflow('ok', {}, () => Promise.resolve(1))
    const bad = workflow('bad', {}, (w) => Promise.reject(w.fail('no')))
    const wait = workflow('wait', { signals: { go: z.string() } }, (w) => w.signal('go'))
    const engine = createWorkflows(storage, [ok, bad, wait], { clock, idle: 0 })
    await engine.start()
    for (let i = 0; i < 10; i++) {
      await engine.run(ok, undefined, { id: `ok-${i}`, ...(i % 2 === 0 && { tenant: 'red' }) })
      await engine.run(bad, undefined, { id: `bad-${i}` })
      await engine.run(wait, undefined, { id: `wait-${i}` })
      await clock.advance('1m')
    }
    const ids = async (query: Parameters<Workflows['list']>[0]): Promise<string[]> => (await engine.list(query)).runs.map(({ id }) => id)
    await expect.poll(() => ids({ state: 'waiting' })).toHaveLength(10)
    expect(await ids({ state: 'failed' })).toEqual(Array.from({ length: 10 }, (_, i) => `bad-${i}`))
    expect(await ids({ workflow: 'ok', tenant: 'red' })).toEqual(['ok-0', 'ok-2', 'ok-4', 'ok-6', 'ok-8'])
    expect(await ids({ workflow: 'ok', olderThan: '8m' })).toHaveLength(2)
    expect(await ids({ state: 'completed', workflow: 'bad' })).toEqual([])
    const all: string[] = []
    for (let after: string | undefined, pages = 0; pages < 20; pages++) {
      const page = await engine.list({ limit: 7, ...(after !== undefined && { after }) })
      all.push(...page.runs.map(({ id }) => id))
      after = page.next
      if (after === undefined) break
    }
    expect(all).toHaveLength(30)
    expect(new Set(all).size).toBe(30)
    await engine.stop()
  })

  it('are removed when their time is over', async () => {
    const clock = testClock()
    const storage = await openStorage(kind)
    const ok = workflow('ok', { retention: { completed: '1h', failed: 'forever' } }, async (w) => {
      for (let i = 0; i < 70; i++) await w.step('a', () => 1)
    })
    const bad = workflow('bad', { retention: { failed: 'forever' } }, (w) => Promise.reject(w.fail('no')))
    const engine = createWorkflows(storage, [ok, bad], { clock })
    await engine.start()
    const runs = [await engine.run(ok, undefined), await engine.run(ok, undefined), await engine.run(bad, undefined)]
    for (const run of runs) await run.result().catch(() => undefined)
    expect(await storage.state.list('run-pages:ok/')).toHaveLength(2)
    expect(await engine.prune()).toBe(0)
    await clock.advance('2h')
    const left = async (): Promise<string[]> => {
      // Whatever was under way while the time passed is begun again.
      await clock.advance('1m')
      return (await engine.list()).runs.map(({ workflow: name }) => name)
    }
    await expect.poll(left).toEqual(['bad'])
    expect(await storage.state.list('run-pages:ok/')).toEqual([])
    expect(await engine.prune({ before: new Date(clock.now()) })).toBe(1)
    expect((await engine.list()).runs).toEqual([])
    await engine.stop()
  })

  it('that nobody can execute are stranded', async () => {
    const clock = testClock()
    const storage = await openStorage(kind)
    const version = (number: number) =>
      workflow('flow', { version: number }, async (w) => {
        await w.sleep('1h')
        return number
      })
    const old = createWorkflows(storage, [version(1)], { clock, idle: 0 })
    await old.start()
    await old.run(version(1), undefined, { id: 'left' })
    await clock.advance('2s')
    expect(await old.stranded()).toEqual([])
    await old.stop()
    const next = createWorkflows(storage, [version(2)], { clock })
    await next.start()
    await next.run(version(2), undefined)
    expect((await next.stranded()).map(({ id, version: number }) => [id, number])).toEqual([['left', 1]])
    const both = createWorkflows(storage, [version(1), version(2)], { clock })
    await both.start()
    expect(await next.stranded()).toEqual([])
    await next.stop()
    await both.stop()
  })
})

describe('a run that ends the processes that execute it', () => {
  it('is left alone after some of them', async () => {
    const clock = testClock()
    const storage = memoryStorage({ clock })
    let calls = 0
    const deadly = workflow('deadly', {}, (w) =>
      w.step('die', async () => {
        calls++
        await new Promise(() => undefined)
      }),
    )
    for (let i = 0; i < 8; i++) {
      const engine = createWorkflows(storage, [deadly], { clock, takeovers: 3, lease: '15s' })
      await engine.start()
      if (i === 0) await engine.run(deadly, undefined, { id: 'x' })
      await clock.advance('20s')
      const stopped = engine.stop({ timeout: 1 })
      await clock.advance('1s')
      await stopped
    }
    const last = createWorkflows(storage, [deadly], { clock })
    expect(await last.get(deadly, 'x').status()).toMatchObject({ state: 'stuck', problem: { code: 'TUTTI_RUN_LIMIT' } })
    expect(calls).toBe(4)
  })
})
