import { workflow } from '../../../workflow/index.ts'
import { passThrough } from '../pass-through.ts'
import { casesOf, together } from '../storage-case.ts'
import { startEngine } from './engine.ts'

/** Runs, from their start until nothing is left of them. */
export const runCases = casesOf('runs', {
  'they are started once for each id, and every process has their results': async ({ storage, open, check, name }) => {
    let executed = 0
    const flow = workflow(name('flow'), { input: passThrough<number>() }, (w, input) =>
      w.step('double', () => {
        executed++
        return input * 2
      }),
    )
    await using here = await startEngine(storage, [flow])
    await using there = await startEngine(await open(), [flow])
    const handles = await together(8, (i) => (i % 2 === 0 ? here : there).run(flow, 21, { id: 'one' }))
    check.same(await Promise.all(handles.map((handle) => handle.result())), Array<number>(8).fill(42))
    check.equal(executed, 1)
    check.same(
      (await there.get(flow, 'one').steps()).map(({ step, result }) => [step, result]),
      [['double', 42]],
    )
  },

  'they begin with the transaction that starts them, or not at all': async ({ storage, check, name }) => {
    const flow = workflow(name('flow'), {}, () => Promise.resolve('done'))
    await using engine = await startEngine(storage, [flow])
    const failing = storage.transaction(async () => {
      await engine.run(flow, undefined, { id: 'never' })
      throw new Error('rolled back')
    })
    check.equal(await failing.catch((error: Error) => error.message), 'rolled back')
    const run = await storage.transaction(() => engine.run(flow, undefined, { id: 'now' }))
    check.equal(await run.result(), 'done')
    await check.fails(engine.get(flow, 'never').status(), 'TUTTI_RUN_UNKNOWN')
  },

  'a step in a transaction commits with its record': async ({ storage, check, name }) => {
    const key = `${name('purses')}/a`
    const flow = workflow(name('flow'), { retry: { delay: 1 } }, (w) =>
      w.tx('pay', async (tx, { attempt }) => {
        const found = await tx.state.get<number>(key)
        await tx.state.put(key, (found?.value ?? 0) + 1)
        if (attempt === 1) throw new Error('not yet')
        return 'paid'
      }),
    )
    await using engine = await startEngine(storage, [flow])
    const run = await engine.run(flow, undefined)
    check.equal(await run.result(), 'paid')
    check.equal((await storage.state.get(key))?.value, 1)
    check.same(
      (await run.steps()).map(({ step, attempts }) => [step, attempts]),
      [['pay', 2]],
    )
  },

  'they wait for time and signals, and each signal counts once': async ({ storage, open, check, name }) => {
    const flow = workflow(name('flow'), { signals: { go: passThrough<string>() } }, async (w) => {
      const first = await w.signal('go')
      await w.sleep(300)
      return [first, await w.signal('go'), await w.signal('go', { within: 100 })]
    })
    await using engine = await startEngine(storage, [flow])
    const run = await engine.run(flow, undefined, { id: 'x' })
    await check.soon(async () => (await run.status()).state, 'waiting')
    await using other = await startEngine(await open(), [flow])
    const there = other.get(flow, 'x')
    await there.signal('go', 'a', { key: 'click' })
    await there.signal('go', 'a', { key: 'click' })
    await run.signal('go', 'b')
    check.same(await there.result(), ['a', 'b', undefined])
  },

  'what they did is undone in reverse': async ({ storage, check, name }) => {
    const undone: string[] = []
    const undo = (what: string): void => void undone.push(what)
    const flow = workflow(name('flow'), {}, async (w) => {
      await w.step('reserve', () => 'reserved', { undo })
      await w.all({
        label: () => w.step('print', () => 'printed', { undo }),
        fee: () => w.step('compute', () => 1),
      })
      await w.tx('charge', () => Promise.resolve('charged'), { undo })
      throw w.fail('there is no van')
    })
    await using engine = await startEngine(storage, [flow])
    const run = await engine.run(flow, undefined)
    await check.fails(run.result(), 'TUTTI_RUN_FAILED')
    check.same(undone, ['charged', 'printed', 'reserved'])
    check.equal((await run.status()).state, 'compensated')
    check.same(
      (await run.steps()).filter(({ undo: state }) => state === 'done').map(({ step }) => step),
      ['reserve', 'label/print', 'charge'],
    )
  },

  'they wait for runs that they have started, and take them back': async ({ storage, check, name }) => {
    const undone: string[] = []
    const child = workflow(name('child'), { input: passThrough<string>() }, (w, input) =>
      w.step('do', () => input, { undo: (what) => void undone.push(what) }),
    )
    const parent = workflow(name('parent'), {}, async (w) => {
      await w.run(child, 'a', { name: 'first' })
      await w.run(child, 'b', { name: 'second' })
      throw w.fail('no')
    })
    await using engine = await startEngine(storage, [parent, child])
    const run = await engine.run(parent, undefined, { id: 'p' })
    await check.fails(run.result(), 'TUTTI_RUN_FAILED')
    check.same(undone, ['b', 'a'])
    check.same(await Promise.all(['first', 'second'].map(async (one) => (await engine.get(child, `p/${one}`).status()).state)), [
      'cancelled',
      'cancelled',
    ])
  },

  'they go on with a new journal, and long ones keep theirs in pages': async ({ storage, check, name }) => {
    const flow = workflow(name('flow'), { input: passThrough<number>() }, async (w, round) => {
      for (let i = 0; i < 150; i++) await w.step('count', () => i)
      if (round < 2) await w.continueAs(round + 1)
      return round
    })
    await using engine = await startEngine(storage, [flow])
    const run = await engine.run(flow, 0)
    check.equal(await run.result(), 2)
    check.same(
      (await run.steps()).map(({ result }) => result),
      Array.from({ length: 150 }, (_, i) => i),
    )
  },

  'they are found by what they are, and removed when their time is over': async ({ storage, check, name }) => {
    const good = workflow(name('good'), {}, async (w) => {
      for (let i = 0; i < 70; i++) await w.step('a', () => 1)
    })
    const bad = workflow(name('bad'), {}, (w) => Promise.reject(w.fail('no')))
    await using engine = await startEngine(storage, [good, bad])
    const runs = [
      ...(await together(5, (i) => engine.run(good, undefined, { id: String(i), tenant: i % 2 === 0 ? 'red' : 'blue' }))),
      ...(await together(5, (i) => engine.run(bad, undefined, { id: String(i) }))),
    ]
    await Promise.allSettled(runs.map((run) => run.result()))
    const ids = async (query: Parameters<typeof engine.list>[0]): Promise<string[]> => (await engine.list(query)).runs.map(({ id }) => id)
    check.same(await ids({ workflow: good.name, state: 'completed' }), ['0', '1', '2', '3', '4'])
    check.same(await ids({ workflow: good.name, tenant: 'red' }), ['0', '2', '4'])
    check.same(await ids({ workflow: bad.name, state: 'failed', olderThan: '1h' }), [])
    const { runs: first, next } = await engine.list({ workflow: bad.name, state: 'failed', limit: 3 })
    check.equal(first.length, 3)
    check.same(await ids({ workflow: bad.name, state: 'failed', limit: 3, after: next ?? '' }), ['3', '4'])
    await engine.prune({ before: new Date(Date.now() + 60_000) })
    check.same([await ids({ workflow: good.name }), await ids({ workflow: bad.name })], [[], []])
    check.same(await storage.state.list(`run-pages:${good.name}/`), [])
  },
})
