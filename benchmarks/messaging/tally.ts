import { percentiles, type Percentiles } from '../harness/statistics.ts'
import { wallTime, type OrderMessage } from './order-message.ts'

/** What consumers have handled, and how long messages were on their way. */
export class Tally {
  readonly #ids = new Set<string>()
  readonly #latencies: number[] = []
  #wanted = Number.POSITIVE_INFINITY
  #reached: (() => void) | undefined

  /** Takes note of a message that is handled. */
  add({ id, sent }: OrderMessage): void {
    this.#latencies.push(wallTime() - sent)
    this.#ids.add(id)
    if (this.#latencies.length >= this.#wanted) this.#reached?.()
  }

  /** Resolves once so many messages were handled. Rejects where that takes too long. */
  reaches(count: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error(`of ${count} messages only ${this.#latencies.length} were handled`)), 240_000)
    this.#wanted = count
    this.#reached = () => {
      clearTimeout(timer)
      resolve()
    }
    if (this.#latencies.length >= count) this.#reached()
    return promise
  }

  /** From publishing to handling, in milliseconds. Throws where not each of so many messages was handled once. */
  settle(count: number): Percentiles {
    const handled = this.#latencies.length
    if (handled !== count || this.#ids.size !== count)
      throw new Error(`${count} messages were published; ${handled} were handled, ${this.#ids.size} of them different ones`)
    return percentiles(this.#latencies)
  }
}
