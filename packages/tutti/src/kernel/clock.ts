import { milliseconds, type Duration } from './duration.ts'

/** Work that a clock does later. */
export interface Timer {
  /** Sees to it that the work is not done, unless it was done already. */
  cancel(): void
  /** Lets the process end although the work is still to be done. */
  unref(): this
}

/** Where time comes from, so that tests can make it pass. */
export interface Clock {
  /** Milliseconds since 1970; may jump when somebody sets the machine's clock. */
  now(): number
  /** Milliseconds since some moment; never goes back, so it is the one to measure spans with. */
  monotonic(): number
  /** Does `work` after `delay` milliseconds, which may be longer than the 24.8 days of the global `setTimeout`. */
  setTimeout(work: () => void, delay: number): Timer
  /** Waits. Rejects with the signal's reason when the signal fires first. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>
}

/** The longest delay of Node's timers; a longer one would fire at once. */
const longestDelay = 2 ** 31 - 1

class SystemTimer implements Timer {
  readonly #work: () => void
  readonly #due: number
  #handle: NodeJS.Timeout
  #unref = false

  constructor(work: () => void, delay: number) {
    this.#work = work
    this.#due = performance.now() + delay
    this.#handle = this.#arm(delay)
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  unref(): this {
    this.#unref = true
    this.#handle.unref()
    return this
  }

  #arm(delay: number): NodeJS.Timeout {
    if (delay <= longestDelay) return setTimeout(this.#work, delay)
    return setTimeout(() => {
      this.#handle = this.#arm(this.#due - performance.now())
      if (this.#unref) this.#handle.unref()
    }, longestDelay)
  }
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (work, delay) => new SystemTimer(work, delay),
  sleep: (duration, signal) => sleepOn(systemClock, duration, signal),
}

/** How a clock sleeps with nothing but its own `setTimeout`: for those who implement one. */
export function sleepOn(clock: Pick<Clock, 'setTimeout'>, duration: Duration, signal?: AbortSignal): Promise<void> {
  const delay = milliseconds(duration)
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, delay)
    const abort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}
