import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { memoryStorage } from '../../src/storage/index.ts'
import { createWorkflows, saga, sagaFromGraph, workflow, type SagaGraph, type Workflow } from '../../src/workflow/public.ts'
import { openStorage, startWorkflows, storages, testClock } from './support.ts'

const input = z.object({ order: z.string(), total: z.number() })
const signals = { approval: z.object({ ok: z.boolean() }) }

/** What the steps have done, with which keys. */
let log: string[] = []
let broken = ''
const did = (what: string): string => {
  log.push(what)
  if (what === broken) throw new Error(`${what} is broken`)
  return what
}

const invoice = workflow('invoice', { input: z.object({ amount: z.number() }) }, async (w, { amount }) =>
  w.step('print', () => did(`invoice ${amount}`)),
)

const order = saga('order', { version: 2, input, signals, retry: { attempts: 2, delay: 1 } })
  .step('reserve', {
    run: ({ input: { order: id } }) => ({ hold: did(`reserve ${id}`) }),
    undo: ({ hold }, { input: { order: id } }) => void did(`release ${id} (${hold})`),
  })
  .branch('large', {
    when: ({ input: { total } }) => total > 1000,
    do: (part) =>
      part
        .wait('approval', { within: '3d', onTimeout: 'fail' })
        .step('note', { run: ({ results }) => did(`approved: ${results.approval.ok}`) }),
  })
  .parallel({
    label: (part) =>
      part.step('label', { run: ({ results }) => did(`label ${results.reserve.hold}`), undo: (label) => void did(`tear up ${label}`) }),
    fee: (part) => part.step('fee', { run: ({ input: { total } }) => total / 10, undo: (fee) => void did(`forget ${fee.toFixed(1)}`) }),
  })
  .run('bill', invoice, ({ results }) => ({ amount: results.fee }))
  .sleep('10ms')
  .step('ship', { run: ({ results, key }) => did(`ship ${results.label} ${results.note ?? 'small'} ${key}`) })
  .returns(({ results }) => ({ shipped: results.ship, large: results.large, fee: results.fee }))

describe.each(storages)('a saga on %s', (kind) => {
  it('does its steps, and gives what it says', async () => {
    log = []
    broken = ''
    const engine = await startWorkflows(await openStorage(kind), [order, invoice])
    const run = await engine.run(order, { order: 'o-1', total: 50 }, { id: 'x' })
    expect(await run.result()).toEqual({ shipped: 'ship label reserve o-1 small order/x/ship', large: false, fee: 5 })
    expect(log).toEqual(['reserve o-1', 'label reserve o-1', 'invoice 5', 'ship label reserve o-1 small order/x/ship'])
  })

  it('takes the way that is meant for it', async () => {
    log = []
    broken = ''
    const engine = await startWorkflows(await openStorage(kind), [order, invoice])
    const run = await engine.run(order, { order: 'o-1', total: 2000 })
    await run.signal('approval', { ok: true })
    expect(await run.result()).toMatchObject({ large: true, fee: 200 })
    expect(log).toContain('approved: true')
  })

  it('takes back what it did', async () => {
    log = []
    broken = 'ship label reserve o-1 small order/x/ship'
    const engine = await startWorkflows(await openStorage(kind), [order, invoice])
    const run = await engine.run(order, { order: 'o-1', total: 50 }, { id: 'x' })
    await expect(run.result()).rejects.toMatchObject({ state: 'compensated', failure: { path: 'ship' } })
    expect(log.slice(0, 5)).toEqual(['reserve o-1', 'label reserve o-1', 'invoice 5', broken, broken])
    expect(log.slice(5).toSorted()).toEqual(['forget 5.0', 'release o-1 (reserve o-1)', 'tear up label reserve o-1'])
    expect(log.at(-1)).toBe('release o-1 (reserve o-1)')
  })

  it('is the same once it was data', async () => {
    broken = ''
    const graph = JSON.parse(JSON.stringify(order.graph())) as SagaGraph
    expect(graph).toEqual(order.graph())
    const again = sagaFromGraph(graph, order.handlers, { input, signals, retry: { attempts: 2, delay: 1 }, workflows: [invoice] })
    const logs: string[][] = []
    const results: unknown[] = []
    for (const one of [order, again] as Workflow<unknown, unknown>[]) {
      log = []
      const engine = await startWorkflows(await openStorage(kind), [one, invoice])
      const run = await engine.run(one, { order: 'o-9', total: 90 }, { id: 'x' })
      results.push(
        await run.result(),
        (await run.steps()).map(({ step }) => step),
      )
      logs.push(log)
    }
    expect(logs[0]).toEqual(logs[1])
    expect(results.slice(0, 2)).toEqual(results.slice(2))
  })
})

describe('the graph of a saga', () => {
  it('is data for pictures', () => {
    expect(order.graph()).toEqual({
      name: 'order',
      version: 2,
      nodes: [
        { kind: 'step', name: 'reserve', run: 'reserve', undo: { run: 'reserve:undo' } },
        {
          kind: 'branch',
          name: 'large',
          when: 'large',
          do: [
            { kind: 'wait', signal: 'approval', within: '3d', onTimeout: 'fail' },
            { kind: 'step', name: 'note', run: 'note' },
          ],
          otherwise: [],
        },
        {
          kind: 'parallel',
          branches: {
            label: [{ kind: 'step', name: 'label', run: 'label', undo: { run: 'label:undo' } }],
            fee: [{ kind: 'step', name: 'fee', run: 'fee', undo: { run: 'fee:undo' } }],
          },
        },
        { kind: 'run', name: 'bill', workflow: { name: 'invoice', version: 1 }, input: 'bill' },
        { kind: 'sleep', time: '10ms' },
        { kind: 'step', name: 'ship', run: 'ship' },
      ],
      returns: 'returns',
    })
  })

  it('is refused where something is missing', () => {
    const graph = order.graph()
    const make =
      (changed: Partial<Parameters<typeof sagaFromGraph>[2]>, handlers = order.handlers) =>
      () =>
        sagaFromGraph(graph, handlers, { input, signals, workflows: [invoice], ...changed } as object)
    expect(make({})).not.toThrow()
    expect(make({ workflows: [] })).toThrow('runs version 1 of invoice')
    expect(make({ signals: {} })).toThrow('waits for the signal approval')
    const { ship: _ship, large: _large, ...fewer } = order.handlers
    expect(make({}, fewer)).toThrow('needs handlers for large, ship')
    const twice = { ...graph, nodes: [...graph.nodes, ...graph.nodes.slice(0, 1)] }
    expect(() => sagaFromGraph(twice, order.handlers, { input, signals, workflows: [invoice] })).toThrow('two steps called "reserve"')
  })

  it('has each name once', () => {
    const one = saga('one', {}).step('a', { run: () => 1 })
    expect(() => one.step('a', { run: () => 2 })).toThrow('two steps called "a"')
    expect(() => one.parallel({ b: { run: () => 1 }, a: { run: () => 2 } })).toThrow('two steps called "a"')
    expect(() => one.branch('x', { when: () => true, do: (part) => part.step('a', { run: () => 1 }) })).toThrow('two steps called "a"')
    expect(() => one.wait('nothing' as never)).toThrow('waits for the signal "nothing"')
    expect(() => one.step('c', {} as never)).toThrow('wanted a function')
  })
})

describe('parts of a saga', () => {
  it('go on at the same time, each one step after the other, and wait as they are told', async () => {
    const clock = testClock()
    const seen: string[] = []
    const step = (name: string) => ({ run: () => void seen.push(name) })
    const slow = saga('slow', { signals })
      .parallel({
        left: (part) => part.step('l1', step('l1')).sleep('1h').step('l2', step('l2')),
        right: (part) => part.step('r1', step('r1')).wait('approval', { within: '2h' }).step('r2', step('r2')),
      })
      .sleepUntil('next', () => new Date(clock.now() + 3_600_000))
      .step('end', { run: ({ results: { approval } }) => approval ?? 'nothing came' })
    const engine = createWorkflows(memoryStorage({ clock }), [slow], { clock, poll: '1m' })
    await engine.start()
    const run = await engine.run(slow, undefined)
    await clock.advance('1s')
    expect(seen).toEqual(['l1', 'r1'])
    await clock.advance('61m')
    expect(seen).toEqual(['l1', 'r1', 'l2'])
    await clock.advance('60m')
    expect(seen).toEqual(['l1', 'r1', 'l2', 'r2'])
    await clock.advance('62m')
    expect(await run.result()).toMatchObject({ end: 'nothing came' })
    await engine.stop()
  })
})
