import type { Clock, Timer } from '../kernel/index.ts'
import type { EventStore } from '../storage/index.ts'

/** The shortest time between two looks at the log, in milliseconds: soon after an append others may become visible without a sign. */
const shortest = 20

/** Says when there may be new events: at once where the storage tells, and by looking now and then, often at first and then rarely. */
export class Pulse {
  readonly #clock: Clock
  readonly #longest: number
  readonly #beat: () => void
  #listener: Disposable | undefined
  #timer: Timer | undefined
  #delay: number
  #told = false

  constructor(clock: Clock, longest: number, beat: () => void) {
    this.#clock = clock
    this.#longest = longest
    this.#delay = longest
    this.#beat = beat
  }

  start(events: Pick<EventStore, 'onAppend'>): void {
    this.#listener = events.onAppend(() => {
      // Many appends in one turn of the event loop are one sign.
      if (this.#told) return
      this.#told = true
      queueMicrotask(() => {
        this.#told = false
        this.#beat()
        this.quicken()
      })
    })
    this.#arm()
  }

  /** Looks again soon. */
  quicken(): void {
    const wasSlow = this.#delay > shortest * 4
    this.#delay = shortest
    if (wasSlow) this.#arm()
  }

  stop(): void {
    this.#listener?.[Symbol.dispose]()
    this.#listener = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    if (this.#listener === undefined) return
    this.#timer?.cancel()
    this.#timer = this.#clock
      .setTimeout(() => {
        this.#delay = Math.min(this.#longest, this.#delay * 2)
        this.#beat()
        this.#arm()
      }, this.#delay)
      .unref()
  }
}
