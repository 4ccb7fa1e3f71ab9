import { systemClock, type Clock } from './clock.ts'
import { milliseconds, type Duration } from './duration.ts'
import { OptionError, TuttiError } from './errors.ts'
import { causeOf, reasonText } from './failures.ts'
import { withinTime } from './time-limit.ts'

/** What a part of the application does when the process starts and stops. */
export interface LifecycleHook {
  /** For messages and logs, such as `database`. */
  readonly name: string
  /** Done in order of addition; the next one waits. The signal fires when starting is given up. */
  readonly start?: (signal: AbortSignal) => unknown
  /** Done in order once everything has started. */
  readonly ready?: (signal: AbortSignal) => unknown
  /** Done in reverse order, for hooks whose `start` has succeeded. The signal fires when it took too long. */
  readonly stop?: (signal: AbortSignal) => unknown
}

export interface LifecycleOptions {
  /** For each `start` and `ready` hook. @default '60s' */
  readonly startTimeout?: Duration
  /** For each `stop` hook. @default '10s' */
  readonly stopTimeout?: Duration
  /** For all `stop` hooks together; those that come later get no more than what is left. @default '30s' */
  readonly totalStopTimeout?: Duration
  readonly clock?: Clock
}

export type LifecycleState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped'

/** Starts the parts of a process in order and stops them in reverse, each once. */
export interface Lifecycle {
  readonly state: LifecycleState
  /** Adds a hook. Throws once starting has begun. */
  add(hook: LifecycleHook): void
  /**
   * Starts everything; later calls get the same promise. A hook that fails stops what was started before it, in reverse,
   * and rejects with `TUTTI_START_FAILED`, which names the hook.
   */
  start(): Promise<void>
  /**
   * Stops everything that was started; later calls get the same promise. Every hook is called whatever the others do; those
   * that failed or took too long are reported together as `TUTTI_STOP_FAILED`. While starting, it gives that up first.
   */
  stop(): Promise<void>
}

/** Creates a lifecycle without hooks. */
export function createLifecycle(options: LifecycleOptions = {}): Lifecycle {
  return new HookLifecycle(options)
}

class HookLifecycle implements Lifecycle {
  readonly #clock: Clock
  readonly #startTimeout: number
  readonly #stopTimeout: number
  readonly #totalStopTimeout: number
  readonly #hooks: LifecycleHook[] = []
  /** The hooks that stopping has to undo, in order of starting. */
  readonly #started: LifecycleHook[] = []
  readonly #abandon = new AbortController()
  #state: LifecycleState = 'new'
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(options: LifecycleOptions) {
    this.#clock = options.clock ?? systemClock
    this.#startTimeout = milliseconds(options.startTimeout ?? '60s')
    this.#stopTimeout = milliseconds(options.stopTimeout ?? '10s')
    this.#totalStopTimeout = milliseconds(options.totalStopTimeout ?? '30s')
  }

  get state(): LifecycleState {
    return this.#state
  }

  add(hook: LifecycleHook): void {
    if (this.#state !== 'new') {
      throw new OptionError(`Received the lifecycle hook "${hook.name}" while the process is ${this.#state}; add hooks before it starts.`)
    }
    this.#hooks.push(hook)
  }

  start(): Promise<void> {
    return (this.#starting ??= this.#start())
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async #start(): Promise<void> {
    if (this.#state !== 'new') throw startFailed('nothing', new Error('it was stopped before it was started'))
    this.#state = 'starting'
    for (const step of ['start', 'ready'] as const) {
      for (const hook of this.#hooks) {
        try {
          await this.#run(hook, step, { timeout: this.#startTimeout, signal: this.#abandon.signal })
        } catch (reason) {
          throw await this.#undo(hook, reason)
        }
        if (step === 'start') this.#started.push(hook)
      }
    }
    this.#state = 'running'
  }

  async #undo(hook: LifecycleHook, reason: unknown): Promise<TuttiError> {
    this.#state = 'stopping'
    const failures = await this.#stopStarted()
    this.#state = 'stopped'
    return startFailed(hook.name, causeOf([reason, ...failures]))
  }

  async #stop(): Promise<void> {
    if (this.#state === 'starting') {
      this.#abandon.abort(new Error('the process was told to stop while it was starting'))
    }
    // A failing start stops what it had started and tells its own caller.
    await this.#starting?.catch(() => undefined)
    if (this.#state === 'stopped') return
    this.#state = 'stopping'
    const failures = await this.#stopStarted()
    this.#state = 'stopped'
    if (failures.length === 0) return
    throw new TuttiError('TUTTI_STOP_FAILED', `${failures.length} of the stop hooks failed: ${failures.map(reasonText).join('; ')}.`, {
      cause: new AggregateError(failures),
    })
  }

  async #stopStarted(): Promise<readonly TuttiError[]> {
    const failures: TuttiError[] = []
    const end = this.#clock.monotonic() + this.#totalStopTimeout
    for (const hook of this.#started.splice(0).reverse()) {
      const timeout = Math.min(this.#stopTimeout, Math.max(0, end - this.#clock.monotonic()))
      try {
        await this.#run(hook, 'stop', { timeout })
      } catch (reason) {
        failures.push(
          new TuttiError('TUTTI_STOP_FAILED', `The stop hook "${hook.name}" failed: ${reasonText(reason)}`, {
            cause: reason,
            details: { hook: hook.name },
          }),
        )
      }
    }
    return failures
  }

  async #run(hook: LifecycleHook, step: 'start' | 'ready' | 'stop', limit: { timeout: number; signal?: AbortSignal }): Promise<void> {
    limit.signal?.throwIfAborted()
    if (!hook[step]) return
    await withinTime((signal) => hook[step]?.(signal), {
      ...limit,
      clock: this.#clock,
      timedOut: () => new TuttiError('TUTTI_TIMEOUT', `it took longer than ${Math.round(limit.timeout)} ms`),
    })
  }
}

function startFailed(name: string, cause: unknown): TuttiError {
  return new TuttiError('TUTTI_START_FAILED', `The start hook "${name}" failed: ${reasonText(cause)}`, { cause, details: { hook: name } })
}
