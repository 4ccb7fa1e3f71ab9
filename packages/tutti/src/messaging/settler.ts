import { resolveRetry, retryDelay, type Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { BrokerSubscription, Settlement } from './broker.ts'

const again = resolveRetry({ attempts: Number.POSITIVE_INFINITY, delay: 50, maxDelay: '2s' })

/** Settles deliveries: those that come while others are being settled are settled together, in one call. */
export class Settler {
  readonly #subscription: BrokerSubscription
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onSettled: (settled: readonly Settlement[]) => void
  #waiting: Settlement[] = []
  #working: Promise<void> | undefined
  readonly #ending = new AbortController()

  constructor(
    subscription: BrokerSubscription,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
    onSettled: (settled: readonly Settlement[]) => void,
  ) {
    this.#subscription = subscription
    this.#clock = clock
    this.#log = log
    this.#onSettled = onSettled
  }

  add(settlement: Settlement): void {
    this.#waiting.push(settlement)
    // What ends in the same turn of the event loop goes together.
    this.#working ??= Promise.resolve().then(() => this.#work())
  }

  /** Waits until all is settled; where the broker does not answer, it is tried only once more. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#working
  }

  async #work(): Promise<void> {
    for (let attempt = 1; this.#waiting.length > 0;) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#subscription.settle(batch)
        this.#onSettled(batch)
        attempt = 1
      } catch (error) {
        this.#log.warn('Messages could not be settled on the broker', { count: batch.length, attempt, error })
        // They come again, here or elsewhere.
        if (this.#ending.signal.aborted) break
        this.#waiting = [...batch, ...this.#waiting]
        await this.#clock.sleep(retryDelay(again, attempt++), this.#ending.signal).catch(() => undefined)
      }
    }
    this.#working = undefined
  }
}
