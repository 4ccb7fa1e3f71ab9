import { openInline, type InlineProjections, type Projection } from '../../../projections/index.ts'
import { silentLogger } from '../../../observe/index.ts'
import { systemClock } from '../../../kernel/index.ts'
import type { Storage } from '../../../storage/index.ts'
import { casesOf, together } from '../storage-case.ts'
import { Accounts, addUp } from './accounts.ts'
import { patiently, startProjector } from './projector.ts'

function open(storage: Storage, ...projections: readonly Projection[]): Promise<InlineProjections> {
  return openInline(storage, projections, { clock: systemClock, log: silentLogger })
}

/** Read models that are written in the transactions which append. */
export const inlineCases = casesOf('inline projections', {
  'one is written in the transaction of the append, and a repeated key writes it once': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.sums({ mode: 'inline' })
    const inline = await open(storage, definition)
    const { paid, opened } = accounts.Account.events
    await inline.append(accounts.stream('a'), [paid({ amount: 1 }), paid({ amount: 2 })])
    check.same(await accounts.documents(), { [accounts.stream('a')]: 3 })
    await inline.append(accounts.stream('a'), [opened({ amount: 0 })])
    for (let i = 0; i < 2; i++) await inline.append(accounts.stream('a'), [paid({ amount: 4 })], { key: 'k' })
    check.same(await accounts.documents(), await accounts.totals())
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, await storage.events.head(), patiently)
    check.equal(await projector.view(definition).get(accounts.stream('a')), 7)
  },

  'its handler fails the append, and it goes with the transaction around': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    const reason = new RangeError('negative')
    const definition = accounts.projection(
      ({ data, stream }, { documents }) => {
        documents.put(stream, data.amount)
        if (data.amount < 0) throw reason
      },
      { mode: 'inline' },
    )
    const inline = await open(storage, definition)
    const pay = (amount: number) => inline.append(accounts.stream('a'), [accounts.Account.events.paid({ amount })])
    check.equal(await pay(-1).catch((error: unknown) => error), reason)
    const later = new Error('later')
    const outcome = storage.transaction(async () => {
      await pay(1)
      throw later
    })
    check.equal(await outcome.catch((error: unknown) => error), later)
    check.same([await accounts.totals(), await accounts.documents()], [{}, {}])
  },

  'a version is built from the events that were there before it': async (tools) => {
    const { storage, check, open: another } = tools
    const accounts = new Accounts(tools)
    const { paid } = accounts.Account.events
    for (let i = 0; i < 3; i++)
      await storage.events.append(
        accounts.stream(String(i)),
        Array.from({ length: 230 }, () => paid({ amount: 1 })),
      )
    await open(storage, accounts.sums({ mode: 'inline' }))
    await open(await another(), accounts.sums({ mode: 'inline' }))
    check.same(await accounts.documents(), await accounts.totals())
    const second = await open(storage, accounts.sums({ mode: 'inline', version: 2 }))
    await second.append(accounts.stream('1'), [paid({ amount: 5 })])
    check.same(await accounts.documents(2), await accounts.totals())
  },

  'writers in several processes at once count each event once': async (tools) => {
    const { storage, check, open: another } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.projection(addUp, { mode: 'inline' })
    const { paid } = accounts.Account.events
    const inlines = [await open(storage, definition), await open(await another(), definition)]
    await together(16, async (writer) => {
      for (let i = 0; i < 5; i++) {
        const stream = accounts.stream(String((writer + i) % 4))
        await inlines[writer % 2]?.append(stream, [paid({ amount: writer }), paid({ amount: i })])
      }
    })
    const sums = await accounts.documents()
    check.same(sums, await accounts.totals())
    check.equal(
      Object.values(sums).reduce((a: number, b) => a + Number(b), 0),
      16 * 10 + 120 * 5,
    )
  },

  'writers to different streams share a document, and none fails': async (tools) => {
    const { storage, check, open: another } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.projection(
      async ({ data }, { documents }) => documents.put('all', ((await documents.get<number>('all')) ?? 0) + data.amount),
      { mode: 'inline' },
    )
    const { paid } = accounts.Account.events
    const inlines = [await open(storage, definition), await open(await another(), definition)]
    await together(8, async (writer) => {
      for (let i = 0; i < 5; i++) await inlines[writer % 2]?.append(accounts.stream(String(writer)), [paid({ amount: 1 })])
    })
    check.same(await accounts.documents(), { all: 40 })
  },

  'processes that begin at the same time set a version up once': async (tools) => {
    const { check, open: another } = tools
    const accounts = new Accounts(tools)
    await together(12, (i) => accounts.pay(String(i % 3), i))
    const storages = await together(3, () => another())
    await Promise.all(storages.map((storage) => open(storage, accounts.sums({ mode: 'inline' }))))
    check.same(await accounts.documents(), await accounts.totals())
  },
})
