import {
  MessagingError,
  type Broker,
  type BrokerCapabilities,
  type BrokerLag,
  type BrokerSubscription,
  type OutgoingMessage,
  type SubscribeOptions,
} from 'tutti/messaging'
import { milliseconds, StorageError, type Duration, type MigrationReport } from 'tutti/storage'
import { brokerSteps } from './broker-schema.ts'
import { BrokerStatements, type Changes, type Publication } from './broker-statements.ts'
import { PostgresSubscription } from './broker-subscription.ts'
import { Connections } from './connections.ts'
import { isContention, storageError } from './failures.ts'
import { carryOut } from './migrations.ts'
import type { PoolCounts } from './pool-counts.ts'
import { ReadBatcher } from './read-batcher.ts'
import type { TextRow } from './rows.ts'
import { connectionConfig, invalidOption, limitsOf, placeOf, schemaOf, type ServerOptions } from './server-options.ts'
import { WakeUps } from './wake-ups.ts'

/** Where the server is, and how messages are carried by it. */
export interface PostgresBrokerOptions extends ServerOptions {
  /**
   * Hears of messages of other processes over a connection of its own. Behind a pooler in transaction mode give `{ url }` of the server
   * itself, or `false`: then messages of other processes are polled for.
   * @default true
   */
  readonly wakeUps?: boolean | { readonly url: string }
  /** How rarely it is looked for messages while nothing wakes. @default '1s', and '5s' with `wakeUps` */
  readonly poll?: Duration
  /** Messages that a group has not taken for so long are removed. @default none are */
  readonly retention?: Duration
}

/** A broker on PostgreSQL, and what only this one has. */
export interface PostgresBroker extends Broker {
  /** The connections at the moment. */
  readonly pool: PoolCounts
  /** Creates or updates the schema, under a lock. */
  migrate(options?: { readonly dryRun?: boolean }): Promise<MigrationReport>
  /** Removes a group that is not used any more, with all that waits for it. Resolves with whether it was there. */
  removeGroup(topic: string, group: string): Promise<boolean>
}

/**
 * A broker on PostgreSQL 14 and newer: messages are rows, leased with SKIP LOCKED. Nothing connects before it is used. No statement is named
 * and nothing of a session is kept, so that it works behind a pooler in transaction mode, such as PgBouncer.
 */
export function postgresBroker(options: PostgresBrokerOptions = {}): PostgresBroker {
  const poll = milliseconds(options.poll ?? (options.wakeUps === false ? '1s' : '5s'))
  if (poll < 1) throw invalidOption(`poll: ${poll} ms; wanted 1 ms or more`)
  return new PoolBroker(options, poll)
}

/** How many statements of a kind are under way at a time: what comes meanwhile goes together. */
const lanes = 2
/** How many calls go together at most. */
const most = 500
/** Work that lost against other work is done again this often. */
const attempts = 10
/** How often other processes are told of messages at most, in milliseconds. */
const notifyEvery = 10
/** How often old messages are removed, in milliseconds. */
const expireEvery = 600_000

class PoolBroker implements PostgresBroker {
  readonly kind = 'postgres'
  readonly capabilities: BrokerCapabilities = {
    durable: true,
    shared: true,
    keyOrder: true,
    delays: true,
    retries: true,
    leases: true,
    keepsForFirstGroup: true,
  }
  readonly #connections: Connections
  readonly #schema: string
  readonly #poll: number
  readonly #statements: BrokerStatements
  readonly #wakeUps: WakeUps | undefined
  readonly #publishing: ReadBatcher<Publication, undefined>
  readonly #settling: ReadBatcher<Changes, undefined>
  readonly #subscriptions = new Map<PostgresSubscription, string>()
  readonly #inFlight = new Set<Promise<unknown>>()
  readonly #expiry: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor(options: PostgresBrokerOptions, poll: number) {
    const { wakeUps = true, retention } = options
    const config = connectionConfig(options)
    const limits = limitsOf(options)
    const schema = schemaOf(options)
    this.#poll = poll
    this.#schema = `"${schema}"`
    this.#connections = new Connections(config, limits, { place: placeOf(options), use: 'broker', meter: options.meter })
    this.#statements = new BrokerStatements(this.#schema, (text, values) => this.#again(text, values ?? []))
    this.#publishing = new ReadBatcher(
      async (publications) => {
        await this.#statements.publish(publications)
        return publications.map(() => undefined)
      },
      lanes,
      most,
    )
    this.#settling = new ReadBatcher(
      async (all) => {
        const together = { lanes: all.flatMap(({ lanes }) => lanes), lone: all.flatMap(({ lone }) => lone) }
        // What was not answered may have taken effect, and is not told when it is repeated.
        let isDue = true
        try {
          isDue = await this.#statements.settle(together)
        } finally {
          if (isDue) this.#told(undefined)
        }
        return all.map(() => undefined)
      },
      lanes,
      most,
    )
    if (wakeUps !== false) {
      this.#wakeUps = new WakeUps({
        config: wakeUps === true ? config : connectionConfig({ url: wakeUps.url }),
        connectTimeout: limits.connectTimeout,
        channel: `${schema}_published`,
        interval: notifyEvery,
        send: (channel, sender) => this.#connections.write('select pg_notify($1, $2)', [channel, sender]),
      })
      this.#wakeUps.onWake(() => this.#wake(undefined))
    }
    if (retention !== undefined) {
      const age = milliseconds(retention)
      this.#expiry = setInterval(() => void this.#tracked(() => this.#statements.expire(age)).catch(() => undefined), expireEvery).unref()
    }
  }

  get pool(): PoolCounts {
    return this.#connections.counts
  }

  migrate({ dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<MigrationReport> {
    const plan = { schema: this.#schema, table: 'broker_migrations', steps: brokerSteps(this.#schema) }
    return this.#tracked(() => carryOut(this.#connections, plan, dryRun))
  }

  async publish(topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return
    await this.#tracked(() => this.#publishing.ask({ topic, messages }))
    this.#told(topic)
  }

  async subscribe(topic: string, { group, lease }: SubscribeOptions): Promise<BrokerSubscription> {
    const id = await this.#tracked(() => this.#statements.join(topic, group))
    this.#wakeUps?.listen()
    const subscription = new PostgresSubscription({
      statements: this.#statements,
      group: id,
      lease,
      poll: this.#poll,
      settle: (changes) => this.#settling.ask(changes),
      onClose: () => this.#subscriptions.delete(subscription),
    })
    this.#subscriptions.set(subscription, topic)
    return subscription
  }

  lag(topic: string, group: string): Promise<BrokerLag> {
    return this.#tracked(() => this.#statements.lag(topic, group))
  }

  removeGroup(topic: string, group: string): Promise<boolean> {
    return this.#tracked(() => this.#statements.leave(topic, group))
  }

  async ping(): Promise<void> {
    await this.#tracked(() => this.#connections.read('select 1'))
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    clearInterval(this.#expiry)
    // What cannot be given back now comes back when its lease is over.
    for (const subscription of this.#subscriptions.keys()) await subscription.close().catch(() => undefined)
    await Promise.allSettled(this.#inFlight)
    await this.#wakeUps?.close()
    await this.#connections.end()
  }

  /** There is something to be handed out, here or in other processes. */
  #told(topic: string | undefined): void {
    this.#wake(topic)
    this.#wakeUps?.appended()
  }

  #wake(topic: string | undefined): void {
    for (const [subscription, about] of this.#subscriptions) if (topic === undefined || topic === about) subscription.wake()
  }

  /** Runs a statement; one that lost against others is run again. */
  async #again(text: string, values: readonly unknown[]): Promise<readonly TextRow[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connections.write(text, values)
      } catch (error) {
        if (attempt === attempts || !isContention(error)) throw brokerError(storageError(error, this.#connections.place, 'none'))
      }
    }
  }

  async #tracked<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined)
      throw new MessagingError('TUTTI_BROKER_CLOSED', 'The broker postgres was used after it had been closed.')
    const done = work()
    this.#inFlight.add(done)
    try {
      return await done
    } catch (error) {
      throw brokerError(error)
    } finally {
      this.#inFlight.delete(done)
    }
  }
}

/** Errors of the server, as those of a broker. */
function brokerError(error: unknown): unknown {
  if (!(error instanceof StorageError) || error.status !== 503) return error
  return new MessagingError('TUTTI_BROKER_UNAVAILABLE', error.message, { cause: error, status: 503 })
}
