import { systemClock, type Clock } from './clock.ts'
import { milliseconds, type Duration } from './duration.ts'
import { TuttiError } from './errors.ts'
import { withinTime } from './time-limit.ts'

export interface BackgroundOptions {
  /** Told of everything that deferred work throws. */
  readonly onError: (error: unknown, name: string) => void
  readonly clock?: Clock
}

/** Work that nobody waits for but the end of the process. */
export interface Background {
  /** How many pieces of work wait or run. */
  readonly size: number
  /**
   * Does work later, in the context of the caller: what the event loop has at hand, such as the current response, goes first.
   * The signal fires when draining took too long. Throws `TUTTI_BACKGROUND_STOPPED` after that.
   */
  defer(work: (signal: AbortSignal) => unknown, name?: string): void
  /** Waits for all work, also for what is deferred meanwhile, and answers with the names of what had not ended in time. */
  drain(timeout: Duration): Promise<readonly string[]>
}

/** Creates a background without work. */
export function createBackground(options: BackgroundOptions): Background {
  return new TrackedBackground(options)
}

interface Task {
  readonly name: string
  readonly work: (signal: AbortSignal) => unknown
}

class TrackedBackground implements Background {
  readonly #onError: (error: unknown, name: string) => void
  readonly #clock: Clock
  readonly #tasks = new Set<Task>()
  readonly #stop = new AbortController()
  #idle: PromiseWithResolvers<void> | undefined

  constructor(options: BackgroundOptions) {
    this.#onError = options.onError
    this.#clock = options.clock ?? systemClock
  }

  get size(): number {
    return this.#tasks.size
  }

  defer(work: (signal: AbortSignal) => unknown, name: string = work.name || 'background work'): void {
    if (this.#stop.signal.aborted) {
      throw new TuttiError(
        'TUTTI_BACKGROUND_STOPPED',
        `The work "${name}" was deferred after the process had stopped waiting; defer it earlier or await it.`,
      )
    }
    const task = { name, work }
    this.#tasks.add(task)
    setImmediate(() => void this.#run(task))
  }

  async drain(timeout: Duration): Promise<readonly string[]> {
    const limit = milliseconds(timeout)
    const timedOut = (): TuttiError => new TuttiError('TUTTI_TIMEOUT', `Background work took longer than ${limit} ms to end.`)
    try {
      await withinTime(() => this.#ended(), { clock: this.#clock, timeout: limit, timedOut })
    } catch (reason) {
      this.#stop.abort(reason)
    }
    return [...this.#tasks].map(({ name }) => name)
  }

  async #ended(): Promise<void> {
    while (this.#tasks.size > 0) await (this.#idle ??= Promise.withResolvers<void>()).promise
  }

  async #run(task: Task): Promise<void> {
    try {
      await task.work(this.#stop.signal)
    } catch (reason) {
      this.#report(reason, task.name)
    } finally {
      this.#tasks.delete(task)
      if (this.#tasks.size === 0) {
        this.#idle?.resolve()
        this.#idle = undefined
      }
    }
  }

  #report(reason: unknown, name: string): void {
    try {
      this.#onError(reason, name)
    } catch (error) {
      process.emitWarning(TuttiError.from(error))
    }
  }
}
