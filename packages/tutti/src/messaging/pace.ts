import type { Clock } from '../kernel/index.ts'
import type { Consuming } from './consume-options.ts'
import type { HeldMessages } from './held-messages.ts'

/** For how long messages are kept at hand, in milliseconds. */
const ahead = 500
/** For how long messages are counted to know the pace, in milliseconds. */
const measured = 50
/** How many times as many messages as are kept at hand may wait to be settled beside them. */
const settling = 4

/**
 * How many messages a consumer keeps at hand: as many as it handles in half a second, so that fast handlers do not wait for the broker, and
 * slow ones leave messages to other processes.
 */
export class Pace {
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #prefetch: number
  #target: number
  #since: number
  #count = 0

  constructor(clock: Clock, { concurrency, prefetch }: Pick<Consuming, 'concurrency' | 'prefetch'>) {
    this.#clock = clock
    this.#concurrency = concurrency
    this.#prefetch = prefetch
    this.#target = concurrency
    this.#since = clock.monotonic()
  }

  /** A message was handled. */
  handled(): void {
    this.#count++
  }

  /**
   * How many messages are to be asked for now: none as long as there is enough to do. What is handled and only waits for the broker to note
   * it holds nothing up, unless the broker lags far behind.
   */
  room({ size, unhandled, running, ready }: Pick<HeldMessages, 'size' | 'unhandled' | 'running' | 'ready'>): number {
    this.#measure()
    const hasEnough = unhandled > this.#target / 2 && (running >= this.#concurrency || ready > 0)
    return hasEnough ? 0 : Math.max(0, Math.min(this.#target - unhandled, settling * this.#target - size))
  }

  #measure(): void {
    const now = this.#clock.monotonic()
    const elapsed = now - this.#since
    // Fast ones are known sooner: as soon as all that was at hand is handled.
    if (elapsed < measured && (elapsed < 1 || this.#count < this.#target)) return
    const wanted = Math.ceil((this.#count / elapsed) * ahead)
    // Up at once, and down slowly: a pause of the publishers says nothing about the pace.
    const next = wanted > this.#target ? wanted : this.#target - (this.#target - wanted) / 8
    this.#target = Math.min(this.#prefetch, Math.max(this.#concurrency, Math.ceil(next)))
    this.#since = now
    this.#count = 0
  }
}
