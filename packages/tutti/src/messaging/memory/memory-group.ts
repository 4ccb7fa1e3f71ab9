import type { Clock } from '../../kernel/index.ts'
import type { BrokerLag, Delivery, OutgoingMessage, Settlement } from '../broker.ts'

/** What is handed out only to one consumer at a time: the messages of a key, or one message without a key. */
interface Lane {
  readonly key: string | undefined
  /** All that are not done, in their order. */
  readonly waiting: Set<MemoryMessage>
  readonly out: Set<MemoryDelivery>
  /** Those of the first message. */
  failures: number
  /** How long it is to rest before its next message, in milliseconds. */
  rest: number
}

interface MemoryMessage extends OutgoingMessage {
  readonly publishedAt: number
}

/** A delivery of the memory broker. */
export interface MemoryDelivery extends Delivery {
  readonly lane: Lane
  readonly message: MemoryMessage
}

/** The messages of one group of a topic. */
export class MemoryGroup {
  readonly #clock: Clock
  readonly #keyed = new Map<string, Lane>()
  /** Lanes whose messages may be handed out, the one that waits longest first. */
  readonly #ready = new Set<Lane>()
  readonly #messages = new Set<MemoryMessage>()
  readonly #listeners = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(messages: readonly OutgoingMessage[]): void {
    const publishedAt = this.#clock.now()
    for (const message of messages) this.#add({ ...message, publishedAt })
    this.#tell()
  }

  take(limit: number): MemoryDelivery[] {
    const taken: MemoryDelivery[] = []
    for (const lane of this.#ready) {
      if (taken.length === limit) break
      const share = Math.max(1, Math.floor((limit - taken.length) / this.#ready.size))
      this.#ready.delete(lane)
      for (const message of lane.waiting) {
        const { id, key, headers, body, publishedAt } = message
        const failures = lane.out.size === 0 ? lane.failures : 0
        const delivery = { id, key, headers, body, publishedAt, deliveries: 1, failures, lane, message }
        lane.out.add(delivery)
        taken.push(delivery)
        if (lane.out.size === share) break
      }
    }
    return taken
  }

  /** Takes back what was handed out, or lets it go. */
  settle(delivery: MemoryDelivery, settlement: Pick<Settlement, 'outcome'> & { readonly delay?: number }): void {
    const { lane, message } = delivery
    if (!lane.out.delete(delivery)) return
    if (settlement.outcome === 'done') {
      lane.waiting.delete(message)
      this.#messages.delete(message)
      lane.failures = 0
    } else {
      if (settlement.outcome === 'retry') lane.failures = delivery.failures + 1
      lane.rest = Math.max(lane.rest, settlement.delay ?? 0)
    }
    if (lane.out.size === 0) this.#release(lane)
  }

  get lag(): BrokerLag {
    let oldest: number | undefined
    for (const { publishedAt } of this.#messages) oldest = Math.min(oldest ?? publishedAt, publishedAt)
    return { messages: this.#messages.size, oldest }
  }

  /** Calls back when there may be something to take. */
  onReady(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #add(message: MemoryMessage): void {
    this.#messages.add(message)
    // What is delayed has no place in the order of its key.
    const key = message.delay > 0 ? undefined : message.key
    const known = key === undefined ? undefined : this.#keyed.get(key)
    if (known !== undefined) {
      known.waiting.add(message)
      return
    }
    const lane: Lane = { key, waiting: new Set([message]), out: new Set(), failures: 0, rest: message.delay }
    if (key !== undefined) this.#keyed.set(key, lane)
    this.#release(lane)
  }

  /** A lane that nobody has anything of becomes ready, now or when it has rested, or goes. */
  #release(lane: Lane): void {
    if (lane.waiting.size === 0) {
      if (lane.key !== undefined) this.#keyed.delete(lane.key)
      return
    }
    const { rest } = lane
    lane.rest = 0
    if (rest > 0) this.#clock.setTimeout(() => this.#makeReady(lane), rest).unref()
    else this.#makeReady(lane)
  }

  #makeReady(lane: Lane): void {
    this.#ready.add(lane)
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      if (this.#ready.size === 0) return
      listener()
    }
  }
}
