import { milliseconds, newId, OptionError, resolveRetry, shown, systemClock } from '../kernel/index.ts'
import type { Clock, Duration, RetryOptions, RetryPolicy } from '../kernel/index.ts'
import { createMeter, silentLogger, type Logger, type Meter } from '../observe/index.ts'
import type { FiringContext, FiringMiddleware } from './cron.ts'
import type { StoredCommand } from './job.ts'

/** Calls the handler of a schedule, with what the application adds to the context; what it gives back is waited for. */
export type RunFiring<Ctx> = (ctx: FiringContext, handler: (ctx: Ctx) => unknown) => unknown

/** How the handlers of schedules are called that want another context than the scheduler's own. */
export interface FiringCalls<Ctx> {
  readonly run: RunFiring<Ctx>
  /** Middleware around every handler of a schedule, the first one outermost. */
  readonly use?: readonly FiringMiddleware<Ctx>[]
}

/** What the sender of a job's command gets beside the command. */
export interface JobContext {
  /** The id of the job. */
  readonly id: string
  /** Names the job: the same in every attempt and every process. Use it to do things once. */
  readonly key: string
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** Fires when the attempt took too long, lost its lease, or must end because its process does. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/** How jobs are done. */
export interface JobOptions {
  /** Carries a command out; what it throws is a failed attempt. @default none: this process does no jobs */
  readonly send?: (command: StoredCommand, ctx: JobContext) => unknown
  /** Whether this process can send a command; others are left to other processes. @default it can send all */
  readonly knows?: (command: string) => boolean
  /** How many jobs this process does at once. @default 10 */
  readonly concurrency?: number
  /** How long one attempt may take. @default '1m' */
  readonly timeout?: Duration
  /** When a job that failed is tried again. @default 5 attempts, exponential from 1s to 1m */
  readonly retry?: RetryOptions
  /** How long jobs are remembered that ended: as long an id is not used again. @default '7d' */
  readonly keep?: Duration
}

/** How schedules and jobs are run. */
export interface SchedulerOptions {
  readonly clock?: Clock
  /** Who this process is among all that share the storage. @default a new id */
  readonly owner?: string
  /**
   * How long others wait before they take over from a process that does not answer. The clocks of all processes must agree within a
   * fraction of it. @default '15s'
   */
  readonly lease?: Duration
  /** How often is looked for what other processes have changed, and for a clock that was set. @default '5s' */
  readonly poll?: Duration
  /** @default none is written */
  readonly log?: Logger
  /** @default the meter `tutti.schedule` */
  readonly meter?: Meter
  /** @default this process takes jobs, and leaves it to others to do them */
  readonly jobs?: JobOptions
}

/** How jobs are done, with every value settled. */
export interface JobSettings {
  readonly send: JobOptions['send']
  readonly knows: (command: string) => boolean
  readonly concurrency: number
  readonly timeout: number
  readonly retry: RetryPolicy
  readonly keep: number
}

/** How schedules are run, with every value settled; times in milliseconds. */
export interface SchedulerSettings {
  readonly clock: Clock
  readonly owner: string
  readonly lease: number
  readonly poll: number
  readonly log: Logger
  readonly meter: Meter
  readonly jobs: JobSettings
}

/** Settles and checks the options of a scheduler. */
export function resolveScheduler(options: SchedulerOptions): SchedulerSettings {
  const { clock = systemClock, owner = newId(), log = silentLogger, meter = createMeter('tutti.schedule'), jobs = {} } = options
  const lease = milliseconds(options.lease ?? '15s')
  const poll = milliseconds(options.poll ?? '5s')
  if (lease < 50) throw new OptionError(`createScheduler received a lease of ${lease} ms; wanted 50 ms or more.`)
  if (poll < 10) throw new OptionError(`createScheduler received a poll of ${poll} ms; wanted 10 ms or more.`)
  const { send, knows = () => true, concurrency = 10 } = jobs
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new OptionError(`createScheduler received a concurrency of jobs of ${shown(concurrency)}; wanted a whole number of 1 or more.`)
  const timeout = milliseconds(jobs.timeout ?? '1m')
  const retry = resolveRetry({ attempts: 5, delay: '1s', maxDelay: '1m', ...jobs.retry })
  const settled = { send, knows, concurrency, timeout, retry, keep: milliseconds(jobs.keep ?? '7d') }
  return { clock, owner, lease, poll, log, meter, jobs: settled }
}
