import { systemClock, type Clock } from './clock.ts'
import { milliseconds, type Duration } from './duration.ts'
import { OptionError, TuttiError } from './errors.ts'
import { shown } from './shown.ts'

export interface BulkheadOptions {
  /** What is protected, for messages and metrics. */
  readonly name: string
  /** How many calls may run at once. */
  readonly concurrency: number
  /** How many more may wait for their turn. @default 0 */
  readonly queue?: number
  /** How long a call may wait for its turn. @default no limit */
  readonly queueTimeout?: Duration
  readonly clock?: Clock
}

/** Keeps calls to one thing from taking everything: so many run, so many wait in order, the others are refused at once. */
export interface Bulkhead {
  readonly name: string
  /** How many calls run. */
  readonly running: number
  /** How many calls wait. */
  readonly waiting: number
  /**
   * Does work when it is its turn: first come, first served. Throws `TUTTI_BULKHEAD_FULL`, status 503, when too many wait already
   * or the wait was too long, and the signal's reason when the signal fires before its turn.
   */
  call<T>(work: () => T | PromiseLike<T>, options?: { readonly signal?: AbortSignal }): Promise<T>
}

/** Creates a bulkhead through which nothing goes yet. */
export function bulkhead(options: BulkheadOptions): Bulkhead {
  return new QueueingBulkhead(options)
}

class QueueingBulkhead implements Bulkhead {
  readonly name: string
  readonly #concurrency: number
  readonly #queue: number
  readonly #queueTimeout: number | undefined
  readonly #clock: Clock
  /** Those who wait, in order; each entry hands the turn over. */
  readonly #waiters = new Set<() => void>()
  #running = 0

  constructor(options: BulkheadOptions) {
    this.name = options.name
    this.#concurrency = whole(`The concurrency of the bulkhead "${options.name}"`, options.concurrency, 1)
    this.#queue = whole(`The queue of the bulkhead "${options.name}"`, options.queue ?? 0, 0)
    this.#queueTimeout = options.queueTimeout === undefined ? undefined : milliseconds(options.queueTimeout)
    this.#clock = options.clock ?? systemClock
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiters.size
  }

  async call<T>(work: () => T | PromiseLike<T>, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
    options.signal?.throwIfAborted()
    if (this.#running < this.#concurrency) this.#running++
    else await this.#turn(options.signal)
    try {
      return await work()
    } finally {
      this.#pass()
    }
  }

  /** Hands the turn to who waits longest, or gives it back. */
  #pass(): void {
    const [next] = this.#waiters
    if (next) next()
    else this.#running--
  }

  /** Waits for somebody else's turn to be handed over, so `#running` stays as it is. */
  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiters.size >= this.#queue) throw this.#refusal(`${this.#running} calls run and ${this.#waiters.size} wait already`)
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiters.delete(take)
        timer?.cancel()
        signal?.removeEventListener('abort', abort)
      }
      const take = (): void => {
        settle()
        resolve()
      }
      const abort = (): void => {
        settle()
        reject(signal?.reason)
      }
      const timeout = this.#queueTimeout
      const timer =
        timeout === undefined
          ? undefined
          : this.#clock.setTimeout(() => {
              settle()
              reject(this.#refusal(`no turn came within ${timeout} ms`))
            }, timeout)
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiters.add(take)
    })
  }

  #refusal(why: string): TuttiError {
    return new TuttiError('TUTTI_BULKHEAD_FULL', `"${this.name}" takes no more calls: ${why}; try again later.`, {
      status: 503,
      details: { name: this.name, running: this.#running, waiting: this.#waiters.size },
    })
  }
}

function whole(what: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new OptionError(`${what} was given as ${shown(value)}; wanted a whole number of ${least} or more.`)
}
