import { milliseconds, OptionError, shown, type Duration } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { cronTimes } from './cron-times.ts'
import { resolveFiring, type FiringOptions, type FiringPolicies } from './policies.ts'
import { regularTimes, type Timetable } from './timetable.ts'

/** What the handler of a schedule gets. */
export interface FiringContext {
  /** The name of the schedule. */
  readonly schedule: string
  /** The time that the firing is for, however late it begins; of one that was asked for, when that was. */
  readonly scheduledAt: Date
  /** Names the firing: the same in every attempt and every process. Use it to do things once. */
  readonly key: string
  /** Which attempt this is, from 1: of a firing that failed, or whose process died. */
  readonly attempt: number
  /** Whether somebody asked for it with `runNow`. */
  readonly manual: boolean
  /** Fires when the attempt took too long, was replaced, lost its lease, or must end because its process does. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/** Wraps the handlers of schedules, in the shape of all middleware: what it throws is a failed attempt. */
export type FiringMiddleware<Ctx = FiringContext> = (ctx: Ctx, next: () => Promise<unknown>) => unknown

/** When a schedule with a cron text fires, and how. */
export interface CronOptions extends FiringOptions {
  /** By whose wall clock the text is meant, such as `'Europe/Berlin'`. @default 'UTC' */
  readonly timezone?: string
}

/** When a schedule with an interval fires, and how. */
export interface EveryOptions extends FiringOptions {
  /** The interval: it fires at its multiples since 1970 in UTC, so `'1h'` is at every full hour. At least 100 ms. */
  readonly every: Duration
}

/** Work that is done at its times by one of the processes that share a storage. */
export interface CronDefinition<Ctx = FiringContext> {
  readonly kind: 'cron'
  readonly name: string
  readonly timetable: Timetable
  readonly policies: FiringPolicies
  readonly handler: (ctx: Ctx) => unknown
}

/** What `cron` takes behind the name. */
export type CronArguments<Ctx = FiringContext> =
  | readonly [pattern: string, handler: (ctx: Ctx) => unknown]
  | readonly [pattern: string, options: CronOptions, handler: (ctx: Ctx) => unknown]
  | readonly [options: EveryOptions, handler: (ctx: Ctx) => unknown]

/**
 * Defines a schedule: `cron('nightly', '0 2 * * *', { timezone: 'Europe/Berlin' }, async (ctx) => { … })`, or
 * `cron('refresh', { every: '5m' }, async (ctx) => { … })`.
 */
export function cron<Ctx = FiringContext>(name: string, ...rest: CronArguments<Ctx>): CronDefinition<Ctx> {
  if (typeof name !== 'string' || !/^[\w.-]{1,80}$/.test(name))
    throw new OptionError(
      `cron received the name ${shown(name)}; wanted 1 to 80 letters, digits, dots, dashes and underscores, such as "nightly".`,
    )
  const [when, between] = rest
  const handler = rest.at(-1)
  if (typeof handler !== 'function') throw new OptionError(`cron ${name} received ${shown(handler)} as the handler; wanted a function.`)
  const options = typeof when === 'object' ? when : typeof between === 'object' ? between : {}
  const timetable = 'every' in options ? everyTimes(name, options) : cronTimes(when, options.timezone)
  return { kind: 'cron', name, timetable, policies: resolveFiring(`cron ${name}`, options), handler }
}

/** Shorter, the storage would have no time for anything else. */
const shortestInterval = 100

function everyTimes(name: string, options: EveryOptions): Timetable {
  const interval = milliseconds(options.every)
  if (!Number.isSafeInteger(interval) || interval < shortestInterval)
    throw new OptionError(`cron ${name} received every ${shown(options.every)}; wanted whole milliseconds, ${shortestInterval} or more.`)
  if ('timezone' in options)
    throw new OptionError(`cron ${name} received every and timezone; wanted one of them: an interval is the same in all time zones.`)
  return regularTimes(interval)
}
