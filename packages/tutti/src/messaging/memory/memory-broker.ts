import { systemClock, type Clock } from '../../kernel/index.ts'
import type { Broker, BrokerLag, BrokerSubscription, OutgoingMessage, SubscribeOptions } from '../broker.ts'
import { brokerClosed } from '../errors.ts'
import { MemoryGroup } from './memory-group.ts'
import { MemorySubscription } from './memory-subscription.ts'

/** How the memory broker is made. */
export interface MemoryBrokerOptions {
  readonly clock?: Clock
}

/** A broker in the memory of this process: for tests, and for applications of one process that may lose messages when it ends. */
export function memoryBroker({ clock = systemClock }: MemoryBrokerOptions = {}): Broker {
  return new MemoryBroker(clock)
}

interface Topic {
  readonly groups: Map<string, MemoryGroup>
  /** What came before there was any group. */
  kept: MemoryGroup | undefined
}

class MemoryBroker implements Broker {
  readonly kind = 'memory'
  readonly capabilities = {
    durable: false,
    shared: false,
    keyOrder: true,
    delays: true,
    retries: true,
    leases: false,
    keepsForFirstGroup: true,
  }
  readonly #clock: Clock
  readonly #topics = new Map<string, Topic>()
  readonly #subscriptions = new Set<MemorySubscription>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async publish(topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
    this.#assertOpen()
    const { groups, kept } = this.#topic(topic)
    if (kept !== undefined) kept.add(messages)
    for (const group of groups.values()) group.add(messages)
  }

  async subscribe(topic: string, { group }: SubscribeOptions): Promise<BrokerSubscription> {
    this.#assertOpen()
    const subscription = new MemorySubscription(this.#group(topic, group))
    this.#subscriptions.add(subscription)
    return subscription
  }

  async lag(topic: string, group: string): Promise<BrokerLag> {
    this.#assertOpen()
    return this.#topics.get(topic)?.groups.get(group)?.lag ?? { messages: 0, oldest: undefined }
  }

  async ping(): Promise<void> {
    this.#assertOpen()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const subscription of this.#subscriptions) await subscription.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) this.#topics.set(name, (topic = { groups: new Map(), kept: new MemoryGroup(this.#clock) }))
    return topic
  }

  #group(name: string, group: string): MemoryGroup {
    const topic = this.#topic(name)
    const known = topic.groups.get(group)
    if (known !== undefined) return known
    const added = topic.kept ?? new MemoryGroup(this.#clock)
    topic.kept = undefined
    topic.groups.set(group, added)
    return added
  }

  #assertOpen(): void {
    if (this.#closed) throw brokerClosed(this.kind)
  }
}
