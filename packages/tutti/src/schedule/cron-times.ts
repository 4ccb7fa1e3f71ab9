import type * as Croner from 'croner'
import { OptionError, reasonText, shown } from '../kernel/index.ts'
import type { Timetable } from './timetable.ts'

const nicknames = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/i

/**
 * The times of a cron text of 5 fields, or 6 with seconds first, by the wall clock of a time zone. Where the clock is put forward, a text
 * that names its hours and minutes is due once, right behind the gap, and one with a wildcard or step leaves the gap out. Where the clock
 * is put back, the former is due the first time only, the latter both times.
 */
export function cronTimes(pattern: unknown, timezone: unknown = 'UTC'): Timetable {
  const text = checkPattern(pattern)
  const zone = checkTimezone(timezone)
  const times = parse(text, zone)
  return {
    text: `${text} ${zone}`,
    next: (after) => times.nextRun(new Date(after))?.getTime(),
    // What the library looks back from does not count.
    last: (until) => times.previousRuns(1, new Date(until + 1))[0]?.getTime(),
  }
}

function parse(pattern: string, timezone: string): Croner.Cron {
  // Loaded when the first cron text is read: applications without any need not wait for it.
  const { Cron } = process.getBuiltinModule('node:module').createRequire(import.meta.url)('croner') as typeof Croner
  try {
    const times = new Cron(pattern, { timezone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard', paused: true })
    if (times.nextRun() === null) throw new Error('no day is like that')
    return times
  } catch (error) {
    throw refused(pattern, reasonText(error))
  }
}

function checkPattern(pattern: unknown): string {
  const text = typeof pattern === 'string' ? pattern.trim().replaceAll(/\s+/g, ' ') : ''
  // The library would also take a date.
  if (nicknames.test(text) || /^\S+(?: \S+){4,5}$/.test(text)) return text
  throw refused(pattern, 'it does not have 5 or 6 fields')
}

function checkTimezone(timezone: unknown): string {
  try {
    if (typeof timezone === 'string' && new Intl.DateTimeFormat('en', { timeZone: timezone })) return timezone
  } catch {
    // Said below.
  }
  throw new OptionError(`Received the time zone ${shown(timezone)}; wanted the name of one, such as "Europe/Berlin" or "UTC".`)
}

function refused(pattern: unknown, why: string): OptionError {
  return new OptionError(
    `Received the cron text ${shown(pattern)}: ${why}. Wanted minute, hour, day of the month, month and day of the week, such as "0 2 * * *", with seconds in front where they matter.`,
  )
}
