import { milliseconds, OptionError, shown, type Duration } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { AttemptOptions } from './step-options.ts'

/** How many runs of a workflow go on at a time, in all processes together. A run counts from its beginning to its end. */
export interface ConcurrencyOptions<Input> {
  readonly limit: number
  /** Runs are counted apart for each text that it gives. @default all together */
  readonly by?: (input: Input) => string
}

/** How many runs of a workflow begin in a span of time, in all processes together. */
export interface RateOptions<Input> {
  readonly limit: number
  readonly per: Duration
  /** Runs are counted apart for each text that it gives. @default all together */
  readonly by?: (input: Input) => string
}

/** How long what is left of runs is kept once they have ended. */
export interface RetentionOptions {
  /** @default '7d' */
  readonly completed?: Duration | 'forever'
  /** Cancelled, compensated and failed runs. @default '30d' */
  readonly failed?: Duration | 'forever'
}

/** Within which bounds runs of a workflow go on. */
export interface WorkflowLimits<Input> extends AttemptOptions {
  /** How long a run may take before it is undone. @default for ever */
  readonly deadline?: Duration
  /** A number is the limit for all runs together. @default no limit */
  readonly concurrency?: number | ConcurrencyOptions<Input>
  /** @default no limit */
  readonly rate?: RateOptions<Input>
  /** From 0 to 9: runs of the workflow with a higher one begin first. @default 0 */
  readonly priority?: number | ((input: Input) => number)
  readonly retention?: RetentionOptions
  /** The id of the run that an event starts. Events with the same id start one run. @default the id of the event */
  readonly key?: (event: RecordedEvent) => string
}

/** The bounds, with every value settled; times in milliseconds. */
export interface WorkflowSettings {
  readonly attempts: AttemptOptions
  readonly deadline: number | undefined
  readonly concurrency: { readonly limit: number; readonly by: (input: unknown) => string } | undefined
  readonly rate: { readonly limit: number; readonly per: number; readonly by: (input: unknown) => string } | undefined
  readonly priority: (input: unknown) => number
  readonly retention: { readonly completed: number; readonly failed: number }
  readonly key: (event: RecordedEvent) => string
}

/** Settles and checks the bounds of a workflow. */
export function resolveWorkflow(name: string, options: WorkflowLimits<never>): WorkflowSettings {
  const { retry, timeout, deadline, concurrency, rate, priority = 0, retention = {}, key = (event) => event.id } = options
  const whole = (what: string, value: unknown, [least, most]: readonly [number, number]): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
    throw new OptionError(`workflow ${name} received ${what} ${shown(value)}; wanted a whole number from ${least} to ${most}.`)
  }
  const by = (group: ((input: never) => string) | undefined) => (input: unknown) => {
    // The input has the shape that the workflow's own schema gives.
    const text: unknown = group === undefined ? 'all' : group(input as never)
    if (typeof text === 'string' && text.length > 0 && text.length <= 200) return text
    throw new OptionError(`The function by of workflow ${name} gave ${shown(text)}; wanted a text of 1 to 200 characters.`)
  }
  const kept = (span: Duration | 'forever'): number => (span === 'forever' ? Number.POSITIVE_INFINITY : milliseconds(span))
  const group = typeof concurrency === 'number' ? { limit: concurrency } : concurrency
  if (typeof priority !== 'function') whole('the priority', priority, [0, 9])
  return {
    attempts: { ...(retry && { retry }), ...(timeout !== undefined && { timeout }) },
    deadline: deadline === undefined ? undefined : milliseconds(deadline),
    concurrency: group && { limit: whole('the concurrency', group.limit, [1, 100_000]), by: by(group.by) },
    rate: rate && { limit: whole('the rate', rate.limit, [1, 1_000_000]), per: milliseconds(rate.per), by: by(rate.by) },
    priority: (input) => whole('the priority', typeof priority === 'function' ? priority(input as never) : priority, [0, 9]),
    retention: { completed: kept(retention.completed ?? '7d'), failed: kept(retention.failed ?? '30d') },
    key,
  }
}
