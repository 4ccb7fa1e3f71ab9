import { casesOf } from '../storage-case.ts'
import { Accounts, addUp } from './accounts.ts'
import { processOf } from '../process-storage.ts'
import { owners, patiently, startProjector } from './projector.ts'

/** A lease that is over soon, for what others have to take over. */
const short = { lease: '400ms' } as const

/** Processes that share the work, and take it over. */
export const processCases = casesOf('processes of projections', {
  'they share the segments evenly, and take over from one that ends': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.sums()
    const build = `${accounts.name}@1`
    const spread = async (): Promise<number[]> => Object.values(await owners(storage, build)).toSorted((a, b) => a - b)
    const start = async (owner: string) => startProjector(await open(), [definition], { owner: `${accounts.name}-${owner}` })
    const a = await start('a')
    await check.soon(spread, [8])
    const b = await start('b')
    await check.soon(spread, [4, 4])
    const c = await start('c')
    await check.soon(spread, [2, 3, 3])
    let last = 0
    for (let i = 0; i < 50; i++) last = await accounts.pay(String(i), i)
    await a.stop()
    await check.soon(spread, [4, 4])
    for (const projector of [b, c]) await projector.waitFor(definition, last, patiently)
    check.same(await accounts.documents(), await accounts.totals())
    for (const projector of [b, c]) await projector.stop()
    check.same(await owners(storage, build), { nobody: 8 })
  },

  'one that dies is taken over from, and what it had not committed is handled once': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    const dying = processOf(await open())
    const last = Promise.withResolvers<void>()
    const fatal = accounts.projection(async (event, ctx) => {
      await addUp(event, ctx)
      if (event.data.amount !== 13) return
      dying.kill()
      last.resolve()
    })
    const dead = await startProjector(dying.storage, [fatal], short)
    await dead.waitFor(fatal, await accounts.pay('x', 1), patiently)
    const position = await accounts.pay('x', 13)
    await last.promise
    await using successor = await startProjector(storage, [accounts.sums()], short)
    await successor.waitFor(fatal, position, patiently)
    check.same(await accounts.documents(), { [accounts.stream('x')]: 14 })
    await dead.stop()
  },

  'one that commits but hears no answer does not handle its events again': async (tools) => {
    const { check, open } = tools
    const accounts = new Accounts(tools)
    const unlucky = processOf(await open())
    const definition = accounts.projection(
      async (event, ctx) => {
        if (event.data.amount % 3 === 0 && ctx.attempt === 1) unlucky.loseAnswer()
        await addUp(event, ctx)
      },
      { batch: 2 },
    )
    await using projector = await startProjector(unlucky.storage, [definition])
    let last = 0
    for (let i = 1; i <= 12; i++) last = await accounts.pay(String(i % 3), i)
    await projector.waitFor(definition, last, patiently)
    check.same(await accounts.documents(), await accounts.totals())
    check.same(await projector.deadLetters(definition), [])
  },

  'one that sleeps through its lease cannot write what it had begun, and works on when it wakes': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    const sleepy = processOf(await open())
    const definition = accounts.sums()
    await using a = await startProjector(sleepy.storage, [definition], short)
    await a.waitFor(definition, await accounts.pay('x', 1), patiently)
    sleepy.freeze()
    using awake = { [Symbol.dispose]: () => sleepy.thaw() }
    const position = await accounts.pay('x', 5)
    await using b = await startProjector(storage, [definition], short)
    await b.waitFor(definition, position, patiently)
    awake[Symbol.dispose]()
    const positions = [await accounts.pay('x', 6), await accounts.pay('y', 6)]
    for (const projector of [a, b]) await projector.waitFor(definition, Math.max(...positions), patiently)
    check.same(await accounts.documents(), await accounts.totals())
  },
})
