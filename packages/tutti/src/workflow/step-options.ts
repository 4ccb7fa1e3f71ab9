import { milliseconds, OptionError, resolveRetry, shown, type Duration, type RetryOptions, type RetryPolicy } from '../kernel/index.ts'
import type { StepContext } from './step-context.ts'

/** Takes back what a step did. It may be called more than once for the same step, so use `key` where that matters. */
export type Undo<Result> = (result: Result, ctx: StepContext) => unknown

/** How steps are tried. */
export interface AttemptOptions {
  /** When a step that failed is tried again. @default 3 attempts, exponential from 100ms to 30s */
  readonly retry?: RetryOptions
  /** How long one attempt may take; its signal fires then, and it counts as failed. @default the workflow's, else none */
  readonly timeout?: Duration
}

/** How a step is done, and undone. */
export interface StepOptions<Result> extends AttemptOptions {
  /** Takes it back when the run fails or is cancelled later. @default there is nothing to take back */
  readonly undo?: Undo<Result> | UndoOptions<Result>
}

/** How a step is undone. */
export interface UndoOptions<Result> {
  readonly run: Undo<Result>
  /** @default 10 attempts, exponential from 1s to 1m */
  readonly retry?: RetryOptions
  /** @default the step's */
  readonly timeout?: Duration
  /** Also undoes a step of which nobody knows whether it had an effect: it failed, or was interrupted; `result` is undefined then. @default false */
  readonly onUnknown?: boolean
}

/** How a step is tried, with every value settled; times in milliseconds. */
export interface AttemptPolicy {
  readonly retry: RetryPolicy
  readonly timeout: number | undefined
}

/** How a step is undone, with every value settled. */
export interface UndoPolicy extends AttemptPolicy {
  readonly run: Undo<never>
  readonly onUnknown: boolean
}

/** Settles how a step is tried; what it does not say the workflow says. */
export function resolveAttempts({ retry, timeout }: AttemptOptions, defaults: AttemptOptions): AttemptPolicy {
  const limit = timeout ?? defaults.timeout
  return {
    retry: resolveRetry(retry === undefined ? defaults.retry : { ...defaults.retry, ...retry }),
    timeout: limit === undefined ? undefined : milliseconds(limit),
  }
}

/** Settles how a step is undone. */
export function resolveUndo<Result>(name: string, undo: StepOptions<Result>['undo'], timeout: number | undefined): UndoPolicy | undefined {
  if (undo === undefined) return undefined
  const options: UndoOptions<Result> = typeof undo === 'function' ? { run: undo } : undo
  if (typeof options.run !== 'function')
    throw new OptionError(`The step ${name} received the undo ${shown(undo)}; wanted a function, or an object with one as run.`)
  return {
    // It gets the result of its own step.
    run: options.run as Undo<never>,
    onUnknown: options.onUnknown ?? false,
    retry: resolveRetry({ attempts: 10, delay: '1s', maxDelay: '1m', ...options.retry }),
    timeout: options.timeout === undefined ? timeout : milliseconds(options.timeout),
  }
}

const nonRetryables = new WeakSet<Error>()

/** Marks an error so that the step that throws it is not tried again: `throw nonRetryable(new Error('The card was declined.'))`. */
export function nonRetryable<E extends Error>(error: E): E {
  nonRetryables.add(error)
  return error
}

/** Whether an error was marked with `nonRetryable`, or one of its causes was. */
export function isNonRetryable(reason: unknown): boolean {
  for (let error = reason, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth++)
    if (nonRetryables.has(error)) return true
  return false
}
