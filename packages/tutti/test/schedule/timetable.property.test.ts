import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cron } from '../../src/schedule/public.ts'

const minute = 60_000

/** Windows in which clocks are put forward or back, by whole and half hours, at night and at midnight. */
const windows = [
  ['Europe/Berlin', '2026-03-27T00:00:00Z'],
  ['Europe/Berlin', '2026-10-23T00:00:00Z'],
  ['America/New_York', '2026-03-06T00:00:00Z'],
  ['America/New_York', '2026-10-30T00:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-03T00:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-02T00:00:00Z'],
  ['Africa/Cairo', '2026-04-22T00:00:00Z'],
  ['Asia/Kolkata', '2026-06-01T00:00:00Z'],
] as const
const days = 5

/** What the wall clock of a zone shows, as minutes since 1970 in its own reckoning: for each minute of a window, and some before it. */
function wallClock(zone: string, start: number): Map<number, number> {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const wall = new Map<number, number>()
  for (let time = start - 180 * minute; time < start + days * 1440 * minute; time += minute) {
    const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 0, day = 0, hour = 0, minute: shownMinute = 0 } = part
    wall.set(time, Date.UTC(year, month - 1, day, hour, shownMinute) / minute)
  }
  return wall
}

const clocks = windows.map(([zone, from]) => ({ zone, start: Date.parse(from), wall: wallClock(zone, Date.parse(from)) }))

/** A field as text, and which values it means. */
interface Field {
  readonly text: string
  readonly isWild: boolean
  readonly has: (value: number) => boolean
}

const anything: Field = { text: '*', isWild: true, has: () => true }

function someOf(least: number, most: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min: least, max: most })
  const list = fc.uniqueArray(value, { minLength: 1, maxLength: 4 })
  return fc.oneof(
    list.map((values) => ({ text: values.join(), isWild: false, has: (given: number) => values.includes(given) })),
    fc.tuple(value, value).map(([a, b]) => {
      const [low, high] = a < b ? [a, b] : [b, a]
      return { text: `${low}-${high}`, isWild: false, has: (given: number) => given >= low && given <= high }
    }),
  )
}

const every: fc.Arbitrary<Field> = fc
  .constantFrom(2, 3, 5, 15)
  .map((step) => ({ text: `*/${step}`, isWild: true, has: (given) => given % step === 0 }))

const pattern = fc.record({
  minutes: fc.oneof(someOf(0, 59), every, fc.constant(anything)),
  hours: fc.oneof(someOf(0, 23), someOf(0, 3), every, fc.constant(anything)),
  weekdays: fc.oneof(fc.constant(anything), someOf(0, 6)),
})

type Pattern = typeof pattern extends fc.Arbitrary<infer P> ? P : never

/** Whether a cron text means what a wall clock shows. */
function means({ minutes, hours, weekdays }: Pattern, wall: number): boolean {
  const date = new Date(wall * minute)
  return minutes.has(date.getUTCMinutes()) && hours.has(date.getUTCHours()) && weekdays.has(date.getUTCDay())
}

/** Whether a time is due, by looking at nothing but what the wall clock shows then and shortly before. */
function isDue(given: Pattern, clock: (typeof clocks)[number], time: number): boolean {
  const now = clock.wall.get(time) ?? Number.NaN
  const isInterval = given.minutes.isWild || given.hours.isWild
  if (isInterval) return means(given, now)
  const before = clock.wall.get(time - minute) ?? Number.NaN
  for (let left = before + 1; left < now; left++) if (means(given, left)) return true
  if (!means(given, now)) return false
  for (let back = time - minute; back >= time - 180 * minute; back -= minute) if (clock.wall.get(back) === now) return false
  return true
}

describe('the times of a cron text', () => {
  it('are those that a look at the wall clock finds, minute by minute', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(pattern, fc.nat(clocks.length - 1), fc.nat((days - 1) * 1440), (given, index, offset) => {
        const clock = clocks[index] as (typeof clocks)[number]
        const text = `${given.minutes.text} ${given.hours.text} * * ${given.weekdays.text}`
        const { timetable } = cron('x', text, { timezone: clock.zone }, () => undefined)
        const from = clock.start + offset * minute
        const end = from + 1440 * minute
        const expected: number[] = []
        for (let time = from; time < end; time += minute) if (isDue(given, clock, time)) expected.push(time)
        const found: number[] = []
        for (
          let time = timetable.next(from - 1);
          time !== undefined && time < end && found.length <= expected.length;
          time = timetable.next(time)
        )
          found.push(time)
        expect(
          found.map((time) => new Date(time).toISOString()),
          `${text} in ${clock.zone}`,
        ).toEqual(expected.map((time) => new Date(time).toISOString()))
        expect(timetable.last(end - 1) ?? 0, `${text} in ${clock.zone}, looking back`).toBe(expected.at(-1) ?? timetable.last(from - 1))
      }),
      { numRuns: 60 },
    )
  })
})
