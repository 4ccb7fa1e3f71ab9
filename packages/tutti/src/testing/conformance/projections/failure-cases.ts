import type { PoisonPolicy, Projection, Projector } from '../../../projections/index.ts'
import type { CaseTools } from '../storage-case.ts'
import { casesOf } from '../storage-case.ts'
import { Accounts } from './accounts.ts'
import { patiently, startProjector } from './projector.ts'

/** Amounts below 0 are poison until they are healed. */
class Poison {
  readonly accounts: Accounts
  readonly definition: Projection
  healed = false

  constructor(tools: CaseTools, policy: PoisonPolicy, attempts = 3) {
    this.accounts = new Accounts(tools)
    this.definition = this.accounts.projection(
      async ({ stream, data }, { documents }) => {
        documents.put(stream, [...((await documents.get<number[]>(stream)) ?? []), data.amount])
        if (data.amount < 0 && !this.healed) throw new Error(`poison ${data.amount}`)
      },
      { poison: policy, retry: { attempts, delay: 1, jitter: 'none' } },
    )
  }

  /** Pays 1, -2 and 4 into `a`, and 3 into `b`; resolves with the last position. */
  async pay(): Promise<number> {
    await this.accounts.pay('a', 1)
    await this.accounts.pay('a', -2)
    await this.accounts.pay('b', 3)
    return this.accounts.pay('a', 4)
  }

  /** The amounts that were handled, by account. */
  async handled(): Promise<Record<string, unknown>> {
    const { prefix } = this.accounts
    const documents = await this.accounts.documents()
    return Object.fromEntries(Object.entries(documents).map(([stream, amounts]) => [stream.slice(prefix.length), amounts]))
  }

  async attempts(projector: Projector): Promise<number | undefined> {
    return (await projector.deadLetters(this.definition))[0]?.attempts
  }

  async letters(projector: Projector): Promise<number> {
    return (await projector.deadLetters(this.definition)).length
  }
}

/** Events that cannot be handled. */
export const failureCases = casesOf('failures of projections', {
  'an event is tried again while others go on, and counts once it succeeds': async (tools) => {
    const { storage, check } = tools
    const poison = new Poison(tools, 'park', 100_000)
    const last = await poison.pay()
    await using projector = await startProjector(storage, [poison.definition])
    await check.soon(() => poison.handled(), { a: [1], b: [3] })
    await check.soon(async () => (await projector.status())[0]?.state, 'failing')
    const [status] = await projector.status()
    check.same([status?.deadLetters, status?.segments.filter(({ failing }) => failing !== undefined).length], [0, 1])
    poison.healed = true
    await projector.waitFor(poison.definition, last, patiently)
    check.same(await poison.handled(), { a: [1, -2, 4], b: [3] })
    await check.soon(async () => (await projector.status())[0]?.state, 'running')
    check.same((await projector.status())[0]?.lag, { events: 0, milliseconds: 0 })
  },

  'an event is skipped by policy, and handled when it is replayed': async (tools) => {
    const { storage, check } = tools
    const poison = new Poison(tools, 'skip')
    const { accounts, definition } = poison
    const last = await poison.pay()
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, last, patiently)
    check.same(await poison.handled(), { a: [1, 4], b: [3] })
    const [letter] = await projector.deadLetters(definition)
    const [, event] = await storage.events.read(accounts.stream('a')).toArray()
    const { eventId, position, stream, streamVersion, attempts, status } = letter ?? {}
    check.same(
      { eventId, position, stream, streamVersion, attempts, status },
      {
        eventId: event?.id,
        position: event?.position,
        stream: accounts.stream('a'),
        streamVersion: 2,
        attempts: 3,
        status: 'dead',
      },
    )
    check.equal(letter?.error.message, 'poison -2')
    // Still poison: it comes back.
    await projector.replay(definition)
    await check.soon(() => poison.attempts(projector), 4)
    poison.healed = true
    check.equal(await projector.replay(definition, [letter?.id ?? '']), 1)
    await check.soon(() => poison.letters(projector), 0)
    check.same(await poison.handled(), { a: [1, 4, -2], b: [3] })
  },

  'a stream is parked by policy, and goes on in order when it is replayed': async (tools) => {
    const { storage, check, open } = tools
    const poison = new Poison(tools, 'park')
    const { accounts, definition } = poison
    const last = await poison.pay()
    const projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, last, patiently)
    check.same(await poison.handled(), { a: [1], b: [3] })
    await projector.stop()
    // The next process knows of it.
    await using next = await startProjector(await open(), [definition])
    await next.waitFor(definition, await accounts.pay('a', 5), patiently)
    await next.waitFor(definition, await accounts.pay('b', 6), patiently)
    check.same(await poison.handled(), { a: [1], b: [3, 6] })
    const [letter] = await next.deadLetters(definition)
    check.same([letter?.status, letter?.streamVersion, letter?.parked], ['parked', 2, true])
    await next.replay(definition)
    await check.soon(() => poison.attempts(next), 4)
    poison.healed = true
    await next.replay(definition)
    await check.soon(() => poison.letters(next), 0)
    await next.waitFor(definition, await accounts.pay('a', 7), patiently)
    check.same(await poison.handled(), { a: [1, -2, 4, 5, 7], b: [3, 6] })
  },

  'a discarded event is passed over, and its stream goes on': async (tools) => {
    const { storage, check } = tools
    const poison = new Poison(tools, 'park')
    const { accounts, definition } = poison
    const last = await poison.pay()
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, last, patiently)
    await accounts.pay('a', -8)
    await projector.waitFor(definition, await accounts.pay('a', 9), patiently)
    check.equal(await projector.discard(definition), 1)
    await check.soon(async () => (await projector.deadLetters(definition))[0]?.streamVersion, 4)
    check.same((await poison.handled())['a'], [1, 4])
    await projector.discard(definition)
    await check.soon(() => poison.letters(projector), 0)
    await projector.waitFor(definition, await accounts.pay('a', 10), patiently)
    check.same((await poison.handled())['a'], [1, 4, 9, 10])
  },

  'everything stops by policy, in all processes, until it is resumed': async (tools) => {
    const { storage, check, open } = tools
    const poison = new Poison(tools, 'stop')
    const { definition } = poison
    const last = await poison.pay()
    await using projector = await startProjector(storage, [definition])
    await using other = await startProjector(await open(), [definition])
    await check.soon(async () => (await other.status())[0]?.state, 'stopped')
    check.equal((await other.status())[0]?.stoppedBy?.message, 'poison -2')
    await check.fails(projector.waitFor(definition, last, { timeout: 30 }), 'TUTTI_TIMEOUT')
    poison.healed = true
    await other.resume(definition)
    for (const one of [projector, other]) await one.waitFor(definition, last, patiently)
    check.same(await poison.handled(), { a: [1, -2, 4], b: [3] })
  },
})
