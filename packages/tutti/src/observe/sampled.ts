import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock, Timer } from '../kernel/index.ts'
import type { Logger } from './logger.ts'

/** How often a look is taken, in milliseconds. */
const period = 15_000
/** How long looks go on after the last reading, in milliseconds: longer than pauses between readings usually are. */
const interest = 300_000
/** Up to which age a look is shown, in milliseconds: what is older says nothing about now. */
const freshness = 4 * period

/** How samples are taken. */
interface SampledOptions {
  readonly clock: Clock
  /** Told where no look can be taken. */
  readonly log: Logger
}

/**
 * What gauges show that takes a look elsewhere, such as into a storage: reading it never waits, for the look is taken in the background,
 * every 15 seconds for as long as somebody reads. Nobody reading, nothing is looked at.
 */
export class Sampled<T> implements Disposable {
  readonly #look: () => Promise<T>
  readonly #clock: Clock
  readonly #log: Logger
  /** Looks belong to nobody's request or transaction. */
  readonly #outside = AsyncLocalStorage.snapshot()
  #latest: { readonly found: T; readonly at: number } | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #isLooking = false
  #isOver = false

  constructor(look: () => Promise<T>, { clock, log }: SampledOptions) {
    this.#look = look
    this.#clock = clock
    this.#log = log
  }

  /** What was found in the last minute; `undefined` where nothing was. */
  read(): T | undefined {
    const now = this.#clock.monotonic()
    this.#readAt = now
    if (this.#timer === undefined) this.#outside(() => this.#sample())
    return this.#latest !== undefined && now - this.#latest.at <= freshness ? this.#latest.found : undefined
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #sample(): void {
    this.#timer = undefined
    if (this.#isOver || this.#clock.monotonic() - this.#readAt > interest) return
    this.#timer = this.#clock.setTimeout(() => this.#sample(), period).unref()
    if (!this.#isLooking) void this.#take()
  }

  async #take(): Promise<void> {
    this.#isLooking = true
    try {
      this.#latest = { found: await this.#look(), at: this.#clock.monotonic() }
    } catch (error) {
      this.#latest = undefined
      if (!this.#isOver) this.#log.debug('What metrics show could not be looked at; it is tried again', { error })
    }
    this.#isLooking = false
  }
}
