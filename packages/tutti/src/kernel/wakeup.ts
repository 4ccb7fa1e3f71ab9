import type { Clock } from './clock.ts'

/** Lets a loop rest until something happens or a time has passed. What happens while it does not rest counts for its next rest. */
export class Wakeup {
  readonly #clock: Clock
  #pending = false
  #resting: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    this.#pending = true
    this.#resting?.()
  }

  /** `milliseconds` undefined: until it is woken. */
  async rest(milliseconds?: number): Promise<void> {
    if (!this.#pending) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#resting = resolve
      const timer = milliseconds === undefined ? undefined : this.#clock.setTimeout(resolve, milliseconds).unref()
      await promise
      timer?.cancel()
      this.#resting = undefined
    }
    this.#pending = false
  }
}
