import type { BrokerSubscription, Delivery, Settlement } from '../broker.ts'
import type { MemoryDelivery, MemoryGroup } from './memory-group.ts'

/** A consumer of a group in memory. */
export class MemorySubscription implements BrokerSubscription {
  readonly #group: MemoryGroup
  readonly #out = new Map<Delivery, MemoryDelivery>()
  #wake: (() => void) | undefined
  #closed = false

  constructor(group: MemoryGroup) {
    this.#group = group
  }

  async receive(limit: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    const wake = (): void => this.#wake?.()
    using _ = this.#group.onReady(wake)
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted && !this.#closed) {
        const taken = this.#group.take(limit)
        for (const delivery of taken) this.#out.set(delivery, delivery)
        if (taken.length > 0) return taken
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
      return []
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  settle(settlements: readonly Settlement[]): Promise<void> {
    for (const settlement of settlements) {
      const delivery = this.#out.get(settlement.delivery)
      if (delivery === undefined) continue
      this.#out.delete(delivery)
      this.#group.settle(delivery, settlement)
    }
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake?.()
    await this.settle([...this.#out.keys()].map((delivery) => ({ delivery, outcome: 'requeue', delay: 0 })))
  }
}
