import { describe, expect, it } from 'vitest'
import { cron, type CronOptions } from '../../src/schedule/public.ts'

const ignore = (): void => undefined

function timetableOf(pattern: string, timezone?: string) {
  return cron('x', pattern, timezone === undefined ? {} : { timezone }, ignore).timetable
}

/** The times from a moment to another, with the offset that the wall clock has then. */
function timesBetween(pattern: string, timezone: string, [from, to]: readonly [string, string]): string[] {
  const { next, last } = timetableOf(pattern, timezone)
  const times: number[] = []
  for (let time = next(Date.parse(from) - 1); time !== undefined && time < Date.parse(to); time = next(time)) times.push(time)
  // What is found looking back is what was found looking ahead.
  const back: number[] = []
  for (let time = last(Date.parse(to) - 1); time !== undefined && time >= Date.parse(from); time = last(time - 1)) back.unshift(time)
  expect(back).toEqual(times)
  const wall = new Intl.DateTimeFormat('sv', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' })
  return times.map((time) => `${wall.format(time)} = ${new Date(time).toISOString().slice(11, 16)}`)
}

describe('a cron text', () => {
  it.each([
    ['minutes and hours', '0 2 * * *', ['2026-01-14T12:00:00Z', '2026-01-15T02:00:00Z']],
    ['seconds in front', '*/20 * * * * *', ['2026-01-14T12:00:00Z', '2026-01-14T12:00:20Z']],
    ['names of days and months', '0 9 * jun-jul MON', ['2026-01-14T12:00:00Z', '2026-06-01T09:00:00Z']],
    ['the last day of a month', '0 0 L * *', ['2026-02-01T00:00:00Z', '2026-02-28T00:00:00Z']],
    ['the third friday', '0 0 * * 5#3', ['2026-01-01T00:00:00Z', '2026-01-16T00:00:00Z']],
    ['either kind of day', '0 0 13 * 5', ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']],
    ['a leap day', '0 0 29 2 *', ['2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z']],
    ['a nickname', '@weekly', ['2026-01-14T12:00:00Z', '2026-01-18T00:00:00Z']],
    ['spaces around and between', '  0   2 * *  * ', ['2026-01-14T12:00:00Z', '2026-01-15T02:00:00Z']],
  ] as const)('knows %s', (_, pattern, [after, next]) => {
    expect(new Date(timetableOf(pattern).next(Date.parse(after)) ?? 0)).toEqual(new Date(next))
  })

  it('counts a time itself as the last one, and not as the next', () => {
    const { next, last } = timetableOf('0 * * * *')
    const noon = Date.UTC(2026, 0, 14, 12)
    expect([last(noon - 1), last(noon), last(noon + 1), last(noon + 999)]).toEqual([noon - 3_600_000, noon, noon, noon])
    expect([next(noon - 1), next(noon), next(noon + 1)]).toEqual([noon, noon + 3_600_000, noon + 3_600_000])
  })

  it('is the same timetable where it means the same text', () => {
    expect(timetableOf(' 0  2 * * *').text).toBe(timetableOf('0 2 * * *', 'UTC').text)
    expect(timetableOf('0 2 * * *', 'Europe/Berlin').text).not.toBe(timetableOf('0 2 * * *').text)
  })
})

describe('where the clock is put forward', () => {
  const night = ['2026-03-28T22:00:00Z', '2026-03-29T04:00:00Z'] as const

  it.each([
    ['a time that does not exist comes right behind the gap', '30 2 * * *', ['2026-03-29 03:00 = 01:00']],
    ['a time behind the gap stays where it is', '0 3 * * *', ['2026-03-29 03:00 = 01:00']],
    ['times that would come at the same moment come once', '0,30 2,3 * * *', ['2026-03-29 03:00 = 01:00', '2026-03-29 03:30 = 01:30']],
    [
      'an interval leaves the gap out',
      '*/30 1-3 * * *',
      ['2026-03-29 01:00 = 00:00', '2026-03-29 01:30 = 00:30', '2026-03-29 03:00 = 01:00', '2026-03-29 03:30 = 01:30'],
    ],
    ['hours that count on leave it out too', '15 */2 * * *', ['2026-03-29 00:15 = 23:15', '2026-03-29 04:15 = 02:15']],
  ])('%s', (_, pattern, times) => {
    expect(
      timesBetween(pattern, 'Europe/Berlin', pattern.startsWith('15') ? ['2026-03-28T23:00:00Z', '2026-03-29T04:00:00Z'] : night),
    ).toEqual(times)
  })

  it('a day that begins later begins so', () => {
    expect(timesBetween('0 0 * * *', 'Africa/Cairo', ['2026-04-23T12:00:00Z', '2026-04-25T12:00:00Z'])).toEqual([
      '2026-04-24 01:00 = 22:00',
      '2026-04-25 00:00 = 21:00',
    ])
  })

  it('half an hour counts as well', () => {
    expect(timesBetween('15 2 * * *', 'Australia/Lord_Howe', ['2026-10-03T00:00:00Z', '2026-10-05T00:00:00Z'])).toEqual([
      '2026-10-04 02:30 = 15:30',
      '2026-10-05 02:15 = 15:15',
    ])
  })
})

describe('where the clock is put back', () => {
  const night = ['2026-10-24T22:00:00Z', '2026-10-25T03:00:00Z'] as const

  it.each([
    ['a time that comes twice counts the first time', '30 2 * * *', ['2026-10-25 02:30 = 00:30']],
    ['each of several times does', '0,30 2 * * *', ['2026-10-25 02:00 = 00:00', '2026-10-25 02:30 = 00:30']],
    [
      'an interval goes on',
      '*/30 2 * * *',
      ['2026-10-25 02:00 = 00:00', '2026-10-25 02:30 = 00:30', '2026-10-25 02:00 = 01:00', '2026-10-25 02:30 = 01:30'],
    ],
    [
      'every hour is every hour',
      '0 * * * *',
      [
        '2026-10-25 00:00 = 22:00',
        '2026-10-25 01:00 = 23:00',
        '2026-10-25 02:00 = 00:00',
        '2026-10-25 02:00 = 01:00',
        '2026-10-25 03:00 = 02:00',
      ],
    ],
  ])('%s', (_, pattern, times) => {
    expect(timesBetween(pattern, 'Europe/Berlin', night)).toEqual(times)
  })
})

describe('an interval', () => {
  it('counts from 1970, so that it is the same in all processes', () => {
    const { timetable } = cron('x', { every: '5m' }, ignore)
    expect(new Date(timetable.next(Date.UTC(2026, 0, 14, 12, 3)) ?? 0)).toEqual(new Date('2026-01-14T12:05:00Z'))
    expect(new Date(timetable.last(Date.UTC(2026, 0, 14, 12, 5)) ?? 0)).toEqual(new Date('2026-01-14T12:05:00Z'))
  })
})

describe('a definition that cannot work', () => {
  it.each([
    ['too few fields', '0 2 * *', 'it does not have 5 or 6 fields'],
    ['a year', '0 0 0 1 1 * 2027', 'it does not have 5 or 6 fields'],
    ['a date', '2027-01-01T00:00:00', 'it does not have 5 or 6 fields'],
    ['nothing', '', 'it does not have 5 or 6 fields'],
    ['a value out of its range', '61 * * * *', '61'],
    ['a day that never comes', '0 0 30 2 *', 'no day is like that'],
  ])('is refused: %s', (_, pattern, why) => {
    expect(() => timetableOf(pattern)).toThrow(
      expect.objectContaining({ code: 'TUTTI_OPTION_INVALID', message: expect.stringContaining(why) as string }),
    )
  })

  it.each<[string, () => unknown, string]>([
    ['an unknown time zone', () => timetableOf('* * * * *', 'Mars/Olympus'), '"Mars/Olympus"'],
    ['a name with spaces', () => cron('every night', '* * * * *', ignore), '"every night"'],
    ['no handler', () => cron('x', '* * * * *', 'no' as unknown as () => void), 'wanted a function'],
    ['an interval too short', () => cron('x', { every: 10 }, ignore), '100 or more'],
    ['an interval of part of a millisecond', () => cron('x', { every: 1000.5 }, ignore), 'whole milliseconds'],
    [
      'an interval in a time zone',
      () => cron('x', { every: '1h', timezone: 'UTC' } as CronOptions & { every: '1h' }, ignore),
      'one of them',
    ],
    ['an unknown policy', () => cron('x', '* * * * *', { overlap: 'both' as 'skip' }, ignore), '"skip" or "queue" or "replace"'],
    ['no history', () => cron('x', '* * * * *', { history: 0 }, ignore), 'from 1 to 10000'],
  ])('is refused: %s', (_, define, why) => {
    expect(define).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID', message: expect.stringContaining(why) as string }))
  })
})
