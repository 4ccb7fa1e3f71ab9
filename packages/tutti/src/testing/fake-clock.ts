import { milliseconds, sleepOn, type Clock, type Duration, type Timer } from '../kernel/index.ts'

export interface FakeClockOptions {
  /** What the clock shows at first: a date, or milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  readonly now?: number | Date
}

/** A clock whose time passes only when a test says so. */
export interface FakeClock extends Clock {
  /** How many timers have not run yet. */
  readonly pending: number
  /**
   * Lets time pass: runs the timers that fall due, each at its own time and in order, and lets everything that follows from one
   * happen before the next. Timers that are set meanwhile run too when they fall due within the span.
   */
  advance(duration: Duration): Promise<void>
  /** Sets what `now()` shows, as when somebody sets the machine's clock: no time passes and no timer runs. */
  set(now: number | Date): void
}

/** Creates a clock that stands still. */
export function fakeClock(options: FakeClockOptions = {}): FakeClock {
  return new SteppedClock(Number(options.now ?? Date.UTC(2026, 0, 1)))
}

class FakeTimer implements Timer {
  readonly due: number
  readonly work: () => void
  readonly #timers: Set<FakeTimer>

  constructor(timers: Set<FakeTimer>, due: number, work: () => void) {
    this.#timers = timers
    this.due = due
    this.work = work
    timers.add(this)
  }

  cancel(): void {
    this.#timers.delete(this)
  }

  unref(): this {
    return this
  }
}

class SteppedClock implements FakeClock {
  readonly #timers = new Set<FakeTimer>()
  #passed = 0
  /** What `now()` showed, or would have shown, when nothing had passed. */
  #origin: number

  constructor(now: number) {
    this.#origin = now
  }

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#origin + this.#passed
  }

  monotonic(): number {
    return this.#passed
  }

  setTimeout(work: () => void, delay: number): Timer {
    // As with Node's timers, nothing is ever due at once: work that sets itself again would never let time pass.
    return new FakeTimer(this.#timers, this.#passed + Math.max(1, delay), work)
  }

  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, duration, signal)
  }

  async advance(duration: Duration): Promise<void> {
    const end = this.#passed + milliseconds(duration)
    await settled()
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      timer.cancel()
      this.#passed = timer.due
      timer.work()
      await settled()
    }
    this.#passed = end
  }

  set(now: number | Date): void {
    this.#origin = Number(now) - this.#passed
  }

  /** The timer that falls due first, the one set first among equals. */
  #next(end: number): FakeTimer | undefined {
    let first: FakeTimer | undefined
    for (const timer of this.#timers) if (timer.due <= end && (!first || timer.due < first.due)) first = timer
    return first
  }
}

/** All microtasks are done when the event loop comes round. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
