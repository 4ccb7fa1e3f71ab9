import type { Projection } from '../../../projections/index.ts'
import { casesOf } from '../storage-case.ts'
import { Accounts } from './accounts.ts'
import { patiently, startProjector } from './projector.ts'

/** Keeps the sums of accounts, times the version, and tells each payment to the world as `version:amount`. */
class Telling {
  readonly accounts: Accounts
  readonly told: string[] = []

  constructor(tools: ConstructorParameters<typeof Accounts>[0]) {
    this.accounts = new Accounts(tools)
  }

  version(version: number, segments = 8): Projection {
    return this.accounts.projection(
      async ({ data, stream }, { documents, afterCommit }) => {
        documents.put(stream, ((await documents.get<number>(stream)) ?? 0) + data.amount * version)
        afterCommit(() => this.told.push(`${version}:${data.amount}`))
      },
      { version, segments, batch: 10 },
    )
  }

  /** What the documents of the second version should hold. */
  async doubled(): Promise<Record<string, number>> {
    return Object.fromEntries(Object.entries(await this.accounts.totals()).map(([stream, sum]) => [stream, sum * 2]))
  }
}

/** New versions of read models, and resets. */
export const versionCases = casesOf('versions of projections', {
  'a new one is built silently beside the old one, and is read from once it has caught up': async (tools) => {
    const { storage, check, open } = tools
    const telling = new Telling(tools)
    const { accounts, told } = telling
    const first = telling.version(1)
    const old = await startProjector(storage, [first])
    let last = 0
    for (let i = 1; i <= 30; i++) last = await accounts.pay(String(i % 4), i)
    await old.waitFor(first, last, patiently)
    const second = telling.version(2, 3)
    await using next = await startProjector(await open(), [second])
    await check.soon(async () => (await next.status())[0]?.version, 2)
    await next.waitFor(second, await accounts.pay('1', 100), patiently)
    const [status] = await next.status()
    check.same([status?.version, status?.state, status?.next], [2, 'running', undefined])
    const doubled = await telling.doubled()
    check.same(await accounts.documents(2), doubled)
    check.equal(await next.view(second).get(accounts.stream('1')), doubled[accounts.stream('1')])
    await check.soon(() => told.toSorted(), [...Array.from({ length: 30 }, (_, i) => `1:${i + 1}`), '2:100'].toSorted())
    await old.stop()
    check.equal(Object.keys(await accounts.documents(1)).length, 4)
    check.same(await next.prune(second), [`${accounts.name}@1`])
    check.same(await accounts.documents(1), {})
  },

  'each side effect is done once while both are at work': async (tools) => {
    const { storage, check, open } = tools
    const telling = new Telling(tools)
    const { accounts, told } = telling
    const old = await startProjector(storage, [telling.version(1)])
    let amount = 0
    let last = 0
    const payMore = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) last = await accounts.pay(String(amount % 5), ++amount)
    }
    await payMore(25)
    const second = telling.version(2)
    const next = await startProjector(await open(), [second])
    while ((await next.status())[0]?.version !== 2) await payMore(3)
    await payMore(20)
    await next.waitFor(second, last, patiently)
    await old.stop()
    await next.stop()
    const amounts = told.map((one) => Number(one.slice(2))).toSorted((a, b) => a - b)
    check.same(
      amounts,
      Array.from({ length: amount }, (_, i) => i + 1),
    )
    check.ok(
      told.some((one) => one.startsWith('2:')),
      'the new version has told something',
    )
    check.same(await accounts.documents(2), await telling.doubled())
  },

  'a new one takes over where the old one has ended for good': async (tools) => {
    const { storage, check, open } = tools
    const telling = new Telling(tools)
    const { accounts, told } = telling
    const old = await startProjector(storage, [telling.version(1)])
    await old.waitFor(accounts.name, await accounts.pay('a', 1), patiently)
    await old.stop()
    const last = await accounts.pay('a', 2)
    const second = telling.version(2)
    await using next = await startProjector(await open(), [second])
    await next.waitFor(second, last, patiently)
    await check.soon(() => told, ['1:1', '2:2'])
  },

  'a new one does not run ahead of the old one, whose side effects would be left out': async (tools) => {
    const { storage, check, open } = tools
    const telling = new Telling(tools)
    const { accounts, told } = telling
    const old = await startProjector(storage, [telling.version(1)])
    for (let i = 0; i < 25; i++) await accounts.open('o')
    let last = 0
    for (let i = 1; i <= 5; i++) last = await accounts.pay(String(i), i)
    await old.waitFor(accounts.name, last, patiently)
    await old.stop()
    for (let i = 6; i <= 9; i++) last = await accounts.pay(String(i), i)
    const second = telling.version(2)
    await using next = await startProjector(await open(), [second])
    await next.waitFor(second, last, patiently)
    await check.soon(async () => (await next.status())[0]?.version, 2)
    await check.soon(() => told.toSorted(), ['1:1', '1:2', '1:3', '1:4', '1:5', '2:6', '2:7', '2:8', '2:9'])
  },

  'an older process lets a newer version be': async (tools) => {
    const { storage, check, open } = tools
    const telling = new Telling(tools)
    const { accounts, told } = telling
    const second = telling.version(2)
    await using next = await startProjector(storage, [second])
    await using _old = await startProjector(await open(), [telling.version(1)])
    await next.waitFor(second, await accounts.pay('a', 1), patiently)
    await check.soon(() => told, ['2:1'])
    check.same(await accounts.documents(1), {})
  },

  'a reset builds the same version anew, which is read from once it has caught up': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    let factor = 1
    const definition = accounts.projection(async ({ data, stream }, { documents }) => {
      documents.put(stream, ((await documents.get<number>(stream)) ?? 0) + data.amount * factor)
    })
    await using projector = await startProjector(storage, [definition])
    for (const amount of [1, 2]) await accounts.pay('a', amount)
    await projector.waitFor(definition, await accounts.pay('a', 3), patiently)
    factor = 10
    await projector.reset(definition)
    const view = projector.view(definition)
    await check.soon(() => view.get(accounts.stream('a')), 60)
    check.same(await accounts.documents(), { [accounts.stream('a')]: 6 })
    check.same(await projector.prune(definition), [`${accounts.name}@1`])
    await projector.waitFor(definition, await accounts.pay('a', 4), patiently)
    check.equal(await view.get(accounts.stream('a')), 100)
  },

  'a pause is obeyed by later processes, until one resumes': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    const definition = accounts.sums()
    await using first = await startProjector(storage, [definition])
    await first.waitFor(definition, await accounts.pay('a', 1), patiently)
    await first.pause(definition)
    await first.stop()
    await using later = await startProjector(await open(), [definition])
    const position = await accounts.pay('a', 2)
    await check.fails(later.waitFor(definition, position, { timeout: 100 }), 'TUTTI_TIMEOUT')
    check.equal((await later.status())[0]?.state, 'paused')
    check.same(await accounts.documents(), { [accounts.stream('a')]: 1 })
    await later.resume(definition)
    await later.waitFor(definition, position, patiently)
    check.same(await accounts.documents(), await accounts.totals())
  },
})
