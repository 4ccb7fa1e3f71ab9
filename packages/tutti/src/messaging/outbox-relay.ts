import { resolveRetry, retryDelay, Wakeup } from '../kernel/index.ts'
import { DocumentConflictError, LeaseLostError, type Document, type Storage } from '../storage/index.ts'
import type { Broker } from './broker.ts'
import { MessagingError } from './errors.ts'
import type { MessengerSettings } from './messenger-options.ts'
import { boxed, counters, type BoxedMessage } from './outbox.ts'

const collection = 'outbox-relay'
const leaseKey = `${collection}/lease`
/** How many messages are relayed at a time. */
const page = 500
/** How long the relay looks again for more before it lets others have its place, in milliseconds. */
const linger = 250
/** How often it looks meanwhile, in milliseconds. */
const look = 25

const again = resolveRetry({ attempts: Number.POSITIVE_INFINITY, delay: look, maxDelay: '1s' })

type Boxed = Document<BoxedMessage>

/**
 * Brings messages from the outbox to the broker, in the order of each key and at least once. One process does so at a time, under a lease:
 * the one that has just committed some, unless another is at it. All look now and then for what the dead have left.
 */
export class OutboxRelay {
  readonly #storage: Storage
  readonly #broker: Broker
  readonly #settings: MessengerSettings
  readonly #wakeup: Wakeup
  readonly #lease: number
  #loop: Promise<void> | undefined
  #stopping = false
  #wanted = false
  #swept = 0
  /** Whether it is not known if the lease is this process's: an answer got lost. */
  #isUnsure = false

  constructor(storage: Storage, broker: Broker, settings: MessengerSettings) {
    this.#storage = storage
    this.#broker = broker
    this.#settings = settings
    this.#wakeup = new Wakeup(settings.clock)
    // What waits here waits for everybody, so a dead relay is not waited for as long as a slow handler.
    this.#lease = Math.min(settings.lease, 10_000)
  }

  /** There is something to be relayed. */
  wake(): void {
    this.#wanted = true
    this.#wakeup.wake()
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Ends when what was put into the outbox here is relayed, or cannot be. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wakeup.wake()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { log, interval } = this.#settings
    for (let attempt = 1; ;) {
      let refused = false
      try {
        if (this.#wanted || (await this.#hasSome())) refused = !(await this.#relay())
        await this.#sweep()
        attempt = 1
      } catch (error) {
        refused = true
        log.warn('The outbox cannot be relayed; it is tried again', { attempt, error })
      }
      if (this.#stopping && (refused || !this.#wanted)) return
      await this.#wakeup.rest(refused ? Math.min(interval, retryDelay(again, attempt++)) : this.#wanted ? 0 : interval)
    }
  }

  async #hasSome(): Promise<boolean> {
    const ready = await this.#storage.state.list(`${boxed}/`, { status: 'ready', limit: 1 })
    return ready.length > 0 || (await this.#delayed(1)).length > 0
  }

  #delayed(limit: number): Promise<readonly Boxed[]> {
    return this.#storage.state.list<BoxedMessage>(`${boxed}/`, {
      status: 'delayed',
      dueBefore: Math.floor(this.#settings.clock.now()),
      limit,
    })
  }

  /** Relays all there is. Resolves with whether it was this process's turn. */
  async #relay(): Promise<boolean> {
    const { clock } = this.#settings
    const lease = await this.#claim()
    if (lease === undefined) return false
    try {
      for (let quietSince = clock.monotonic(); ;) {
        this.#wanted = false
        if (await this.#pass(lease)) quietSince = clock.monotonic()
        else if (this.#stopping || clock.monotonic() - quietSince >= linger) return true
        else await this.#wakeup.rest(look)
        await this.#keep(lease)
      }
    } finally {
      await this.#release(lease)
    }
  }

  /** Goes through the outbox once; resolves with whether anything was relayed. */
  async #pass(lease: Lease): Promise<boolean> {
    let relayed = false
    for (let after: string | undefined; ;) {
      const found: readonly Boxed[] = await this.#storage.state.list<BoxedMessage>(`${boxed}/`, {
        status: 'ready',
        limit: page,
        ...(after !== undefined && { after }),
      })
      if (await this.#publish(found, lease)) relayed = true
      after = found.at(-1)?.key
      if (found.length < page) break
    }
    const delayed = await this.#delayed(page)
    return (await this.#publish(delayed, lease)) || relayed
  }

  async #publish(found: readonly Boxed[], lease: Lease): Promise<boolean> {
    let relayed = false
    for (const [topic, documents] of Map.groupBy(found, ({ value }) => value.topic)) {
      await this.#keep(lease)
      const done = await this.#publishAll(topic, documents)
      await this.#storage.state.write(done.map(({ key }) => ({ key, delete: true })))
      if (done.length > 0) relayed = true
    }
    return relayed
  }

  /** Publishes messages of a topic, and resolves with those that the broker has taken. */
  async #publishAll(topic: string, documents: readonly Boxed[]): Promise<readonly Boxed[]> {
    try {
      await this.#broker.publish(
        topic,
        documents.map(({ value }) => value),
      )
      return documents
    } catch (error) {
      if (isOutage(error) || documents.length === 0) throw error
      return this.#publishEach(topic, documents)
    }
  }

  /** The broker refuses some of them: those, and what comes behind them with the same key, stay. */
  async #publishEach(topic: string, documents: readonly Boxed[]): Promise<readonly Boxed[]> {
    const done: Boxed[] = []
    const refused = new Set<string>()
    for (const document of documents) {
      const { id, key } = document.value
      if (key !== undefined && refused.has(key)) continue
      try {
        await this.#broker.publish(topic, [document.value])
        done.push(document)
      } catch (error) {
        if (isOutage(error)) throw error
        if (key !== undefined) refused.add(key)
        this.#settings.log.error('The broker refuses a message of the outbox; it stays there', { topic, id, key, error })
      }
    }
    return done
  }

  async #claim(): Promise<Lease | undefined> {
    const { clock, owner } = this.#settings
    const now = Math.floor(clock.now())
    const wasUnsure = this.#isUnsure
    this.#isUnsure = true
    const [document] = await this.#storage.state.claim(collection, { owner, lease: this.#lease, now })
    if (document === undefined && wasUnsure) {
      const held = await this.#storage.state.get(leaseKey)
      this.#isUnsure = false
      const { leaseUntil: until = 0 } = held ?? {}
      if (held?.owner === owner && until > now) return { epoch: held.epoch, until }
    }
    this.#isUnsure = false
    if (document !== undefined) return { epoch: document.epoch, until: now + this.#lease }
    // There is none before anybody has ever relayed.
    const isNew = await this.#storage.state.put(leaseKey, null, { ifVersion: 0, due: 0 }).catch((error: unknown) => {
      if (error instanceof DocumentConflictError) return 0
      throw error
    })
    return isNew === 0 ? undefined : this.#claim()
  }

  /** Prolongs the lease where much of it is over. Throws where it is another's. */
  async #keep(lease: Lease): Promise<void> {
    const { clock, owner } = this.#settings
    const now = Math.floor(clock.now())
    if (now < lease.until - this.#lease / 2) return
    const until = now + this.#lease
    const kept = await this.#storage.state.renew([{ key: leaseKey, epoch: lease.epoch }], { owner, until })
    if (kept.length === 0) throw new LeaseLostError(leaseKey, lease.epoch, lease.epoch + 1)
    lease.until = until
  }

  async #release({ epoch }: Lease): Promise<void> {
    await this.#storage.state.put(leaseKey, null, { epoch, due: 0, release: true }).catch((error: unknown) => {
      this.#isUnsure = !(error instanceof LeaseLostError)
      if (this.#isUnsure) this.#settings.log.warn('The lease of the outbox could not be given back; it ends by itself', { error })
    })
  }

  /** Removes the counters of keys that nothing waits for. */
  async #sweep(): Promise<void> {
    const { state } = this.#storage
    const now = Math.floor(this.#settings.clock.now())
    if (now - this.#swept < 10_000) return
    this.#swept = now
    for (const { key, version } of await state.list(`${counters}/`, { dueBefore: now, limit: page })) {
      const waiting = await state.list(`${boxed}/${key.slice(counters.length + 1)}/`, { limit: 1 })
      // Whoever publishes meanwhile has counted on, and the counter stays.
      if (waiting.length === 0)
        await state.delete(key, { ifVersion: version }).catch((error: unknown) => {
          if (!(error instanceof DocumentConflictError)) throw error
        })
    }
  }
}

interface Lease {
  readonly epoch: number
  until: number
}

/** Whether the broker cannot be reached, in contrast to a message that it does not take. */
function isOutage(error: unknown): boolean {
  return error instanceof MessagingError && error.status === 503
}
