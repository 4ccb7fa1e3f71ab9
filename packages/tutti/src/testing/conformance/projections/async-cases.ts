import { casesOf, together } from '../storage-case.ts'
import { Accounts } from './accounts.ts'
import { patiently, startProjector } from './projector.ts'

/** Read models that follow the log. */
export const asyncCases = casesOf('projections', {
  'documents are kept up to date': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    for (let i = 0; i < 20; i++) await accounts.pay(String(i % 5), i)
    const definition = accounts.sums()
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, await accounts.pay('1', 100), patiently)
    check.same(await accounts.documents(), await accounts.totals())
    const view = projector.view(definition)
    check.equal(await view.get(accounts.stream('1')), 134)
    check.same(
      (await view.list(accounts.prefix, { limit: 2 })).map(({ value }) => value),
      [30, 134],
    )
  },

  'the events of each stream are handled in order, over many batches': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    const seen = new Map<string, number[]>()
    await together(7, async (account) => {
      for (let i = 0; i < 40; i++) await accounts.pay(String(account), i)
    })
    const last = await accounts.pay('0', 1)
    const note = ({ stream, streamVersion }: { readonly stream: string; readonly streamVersion: number }): void => {
      seen.set(stream, [...(seen.get(stream) ?? []), streamVersion])
    }
    const definition = accounts.projection(note, { batch: 17, segments: 3 })
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, last, patiently)
    check.equal([...seen.values()].flat().length, 281)
    for (const versions of seen.values())
      check.same(
        versions,
        versions.map((_, i) => i + 1),
      )
  },

  'one goes on at its checkpoint after a restart': async (tools) => {
    const { check, open } = tools
    const accounts = new Accounts(tools)
    const seen: number[] = []
    const definition = accounts.projection(({ data }) => void seen.push(data.amount))
    for (const amount of [1, 2, 3]) {
      await using projector = await startProjector(await open(), [definition])
      await projector.waitFor(definition, await accounts.pay('a', amount), patiently)
    }
    check.same(seen, [1, 2, 3])
  },

  'events without a handler are passed over': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.sums()
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, await accounts.open('x'), patiently)
    check.same(await accounts.documents(), {})
  },

  'what a projection does after its commit is done for new events alone': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    const told: number[] = []
    await accounts.pay('a', 1)
    const definition = accounts.projection(({ data }, { afterCommit, replaying }) => {
      check.equal(replaying, data.amount === 1)
      afterCommit(() => told.push(data.amount))
    })
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, await accounts.pay('a', 2), patiently)
    await check.soon(() => told, [2])
    check.same(await projector.deadLetters(definition), [])
  },

  'what is waited for in one process is done in another': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.sums()
    const storages = [storage, await open()]
    await using a = await startProjector(storage, [definition])
    await using b = await startProjector(storages[1] ?? storage, [definition])
    for (let i = 0; i < 12; i++) {
      const position = await accounts.pay(String(i), 1)
      const stream = accounts.stream(String(i))
      await [a, b][i % 2]?.waitFor(definition, position, { ...patiently, ...(i % 3 === 0 && { stream }) })
      check.equal((await accounts.documents(1, storages[i % 2]))[stream], 1)
    }
  },

  'a document that all segments write to counts each event once': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.projection(
      async ({ data }, { documents }) => documents.put('all', ((await documents.get<number>('all')) ?? 0) + data.amount),
      { batch: 5 },
    )
    await using a = await startProjector(storage, [definition])
    await using b = await startProjector(await open(), [definition])
    const positions = await together(12, async (account) => {
      for (let i = 0; i < 9; i++) await accounts.pay(String(account), 1)
      return accounts.pay(String(account), 1)
    })
    for (const projector of [a, b]) await projector.waitFor(definition, Math.max(...positions), patiently)
    check.same(await accounts.documents(), { all: 120 })
    check.same(await a.deadLetters(definition), [])
  },
})
