import { CallWindow } from './call-window.ts'
import { systemClock, type Clock } from './clock.ts'
import { milliseconds, type Duration } from './duration.ts'
import { OptionError, TuttiError } from './errors.ts'
import { shown } from './shown.ts'
import { withinTime } from './time-limit.ts'

/** Calls pass; how many failed in a row, and in the window. */
export interface CircuitClosed {
  readonly status: 'closed'
  readonly failures: number
}

/** Calls are refused. */
export interface CircuitOpen {
  readonly status: 'open'
  /** Milliseconds since 1970. */
  readonly since: number
  /** Milliseconds after `since` at which the next call is let through on trial. */
  readonly resetAfter: number
}

/** A few calls pass on trial; the circuit closes when all have succeeded and opens when one fails. */
export interface CircuitHalfOpen {
  readonly status: 'half-open'
  readonly running: number
  readonly succeeded: number
}

export type CircuitState = CircuitClosed | CircuitOpen | CircuitHalfOpen

export interface CircuitBreakerOptions {
  /** What is called, for messages and metrics. */
  readonly name: string
  /** Opens after so many failures in a row. @default 5, or no such limit where `failureRate` is given */
  readonly failures?: number
  /** Opens when this share of the calls in `window` failed: above 0, at most 1. @default no such limit */
  readonly failureRate?: number
  /** @default '10s' */
  readonly window?: Duration
  /** How many calls the window must hold before `failureRate` counts. @default 10 */
  readonly minimumCalls?: number
  /** How long an open circuit refuses before it tries again. @default '30s' */
  readonly resetAfter?: Duration
  /** How many trial calls must succeed before it closes; as many may run at once. @default 1 */
  readonly halfOpenCalls?: number
  /** Which errors count as failures: an answer such as "not found" shows that the other side works. @default every error */
  readonly isFailure?: (error: unknown) => boolean
  /** Gives a call up, which counts as a failure: `TUTTI_TIMEOUT`, status 504. Without one, a trial that hangs keeps the circuit half-open. @default no time-out */
  readonly timeout?: Duration
  /** Told of every change of status. */
  readonly onChange?: (state: CircuitState, name: string) => void
  readonly clock?: Clock
}

/** Stops calling what keeps failing, so that it can recover and callers need not wait for it. */
export interface CircuitBreaker {
  readonly name: string
  readonly state: CircuitState
  /**
   * Does work unless the circuit is open: then it throws `TUTTI_CIRCUIT_OPEN`, status 503, with `details.retryAfter` in whole
   * seconds. What the caller's own signal ends counts neither as a failure nor as a success.
   */
  call<T>(work: (signal: AbortSignal) => T | PromiseLike<T>, options?: { readonly signal?: AbortSignal }): Promise<T>
}

/** Creates a closed circuit breaker. */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  return new CountingBreaker(options)
}

class CountingBreaker implements CircuitBreaker {
  readonly name: string
  readonly #failures: number
  readonly #failureRate: number | undefined
  readonly #window: CallWindow
  readonly #minimumCalls: number
  readonly #resetAfter: number
  readonly #halfOpenCalls: number
  readonly #isFailure: (error: unknown) => boolean
  readonly #timeout: number | undefined
  readonly #onChange: CircuitBreakerOptions['onChange']
  readonly #clock: Clock
  #state: CircuitState = { status: 'closed', failures: 0 }
  /** Monotonic milliseconds. */
  #openedAt = 0
  /** Grows with every change of status: a call that began under another one says nothing about this one. */
  #era = 0

  constructor(options: CircuitBreakerOptions) {
    this.name = options.name
    this.#failures = options.failures ?? (options.failureRate === undefined ? 5 : Number.POSITIVE_INFINITY)
    this.#failureRate = options.failureRate
    this.#window = new CallWindow(milliseconds(options.window ?? '10s'))
    this.#minimumCalls = options.minimumCalls ?? 10
    this.#resetAfter = milliseconds(options.resetAfter ?? '30s')
    this.#halfOpenCalls = options.halfOpenCalls ?? 1
    this.#isFailure = options.isFailure ?? (() => true)
    this.#timeout = options.timeout === undefined ? undefined : milliseconds(options.timeout)
    this.#onChange = options.onChange
    this.#clock = options.clock ?? systemClock
    const wrong = (option: string, value: unknown, wanted: string): OptionError =>
      new OptionError(`The circuit breaker "${this.name}" received ${option} ${shown(value)}; wanted ${wanted}.`)
    for (const option of ['failures', 'minimumCalls', 'halfOpenCalls'] as const) {
      const value = options[option]
      if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) throw wrong(option, value, 'a whole number of 1 or more')
    }
    const rate = this.#failureRate
    if (rate !== undefined && !(rate > 0 && rate <= 1)) throw wrong('failureRate', rate, 'a number above 0 and at most 1')
  }

  get state(): CircuitState {
    return this.#state
  }

  async call<T>(work: (signal: AbortSignal) => T | PromiseLike<T>, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
    const { signal } = options
    signal?.throwIfAborted()
    this.#enter()
    const era = this.#era
    const timedOut = (): TuttiError =>
      new TuttiError('TUTTI_TIMEOUT', `The call to "${this.name}" took longer than ${this.#timeout} ms.`, { status: 504 })
    try {
      const value = await withinTime(work, { clock: this.#clock, timeout: this.#timeout, signal, timedOut })
      this.#leave(era, 'success')
      return value
    } catch (reason) {
      this.#leave(era, signal?.aborted ? 'neither' : this.#isFailure(reason) ? 'failure' : 'success')
      throw reason
    }
  }

  /** Lets a call pass or throws. */
  #enter(): void {
    const waited = this.#clock.monotonic() - this.#openedAt
    if (this.#state.status === 'open') {
      if (waited < this.#resetAfter) throw this.#refusal(this.#resetAfter - waited)
      this.#change({ status: 'half-open', running: 0, succeeded: 0 })
    }
    if (this.#state.status !== 'half-open') return
    const { running, succeeded } = this.#state
    if (running + succeeded >= this.#halfOpenCalls) throw this.#refusal(1000)
    this.#state = { status: 'half-open', running: running + 1, succeeded }
  }

  #leave(era: number, outcome: 'success' | 'failure' | 'neither'): void {
    if (era !== this.#era) return
    if (this.#state.status === 'half-open') this.#leaveTrial(this.#state, outcome)
    else if (this.#state.status === 'closed' && outcome !== 'neither') this.#count(this.#state, outcome === 'failure')
  }

  #leaveTrial(state: CircuitHalfOpen, outcome: 'success' | 'failure' | 'neither'): void {
    if (outcome === 'failure') return this.#open()
    const succeeded = state.succeeded + (outcome === 'success' ? 1 : 0)
    if (succeeded < this.#halfOpenCalls) {
      this.#state = { status: 'half-open', running: state.running - 1, succeeded }
      return
    }
    this.#window.clear()
    this.#change({ status: 'closed', failures: 0 })
  }

  #count(state: CircuitClosed, failed: boolean): void {
    if (failed || state.failures > 0) this.#state = { status: 'closed', failures: failed ? state.failures + 1 : 0 }
    const inARow = failed ? state.failures + 1 : 0
    if (inARow >= this.#failures) return this.#open()
    if (this.#failureRate === undefined) return
    const now = this.#clock.monotonic()
    this.#window.add(now, failed)
    const { calls, failures } = this.#window.count(now)
    if (failed && calls >= this.#minimumCalls && failures / calls >= this.#failureRate) this.#open()
  }

  #open(): void {
    this.#openedAt = this.#clock.monotonic()
    this.#change({ status: 'open', since: this.#clock.now(), resetAfter: this.#resetAfter })
  }

  #change(state: CircuitState): void {
    this.#state = state
    this.#era++
    this.#onChange?.(state, this.name)
  }

  #refusal(wait: number): TuttiError {
    const retryAfter = Math.max(1, Math.ceil(wait / 1000))
    return new TuttiError('TUTTI_CIRCUIT_OPEN', `"${this.name}" keeps failing and is not called for now; try again in ${retryAfter} s.`, {
      status: 503,
      details: { name: this.name, retryAfter },
    })
  }
}
