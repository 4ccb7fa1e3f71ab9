import type { Clock, Timer } from '../kernel/index.ts'
import { ProjectionError } from './errors.ts'

/** Gives handlers up that take too long, with one timer for many calls. */
export class Watchdog implements Disposable {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #controller = new AbortController()
  readonly #givenUp = Promise.withResolvers<never>()
  #since: number | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#timeout = timeout
    // Whoever waits for a call hears of it; nobody else has to.
    this.#givenUp.promise.catch(() => undefined)
  }

  /** Fires when a call was given up. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Waits for what a handler gave. Rejects with `TUTTI_TIMEOUT` when it takes too long. */
  async watch(result: PromiseLike<unknown>): Promise<void> {
    this.#since = this.#clock.monotonic()
    this.#timer ??= this.#arm(this.#timeout)
    try {
      await Promise.race([result, this.#givenUp.promise])
    } finally {
      this.#since = undefined
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #arm(delay: number): Timer {
    return this.#clock
      .setTimeout(() => {
        const left = this.#since === undefined ? this.#timeout : this.#since + this.#timeout - this.#clock.monotonic()
        if (left > 0) {
          this.#timer = this.#arm(left)
          return
        }
        const error = new ProjectionError(
          'TUTTI_TIMEOUT',
          `The handler took longer than ${this.#timeout} ms. Make it faster, or raise the timeout.`,
          { status: 504 },
        )
        this.#controller.abort(error)
        this.#givenUp.reject(error)
      }, delay)
      .unref()
  }
}
