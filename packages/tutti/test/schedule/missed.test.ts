import { describe, expect, it } from 'vitest'
import { cron, type CronOptions, type FiringRecord } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Calls, clockAtNoon, noon, started, timeOf, until } from './support.ts'

const minute = 60_000

function said(history: readonly FiringRecord[]): string[] {
  return history.map(({ outcome, count }) => (count === 1 ? outcome : `${outcome} ${count}`)).toReversed()
}

/** A schedule of every ten minutes whose processes all stop at 12:05, and that goes on at another time. */
async function afterAPause(options: CronOptions, resumedAt: number) {
  const storage = memoryStorage()
  const clock = clockAtNoon()
  const calls = new Calls()
  const definition = cron('x', '*/10 * * * *', options, calls.quick)
  const before = await started(storage, [definition], { clock })
  await clock.advance('5m')
  await before.stop()
  await clock.advance(noon + resumedAt - clock.now())
  const scheduler = await started(storage, [definition], { clock })
  await clock.advance(1)
  return { calls, clock, scheduler, storage, definition }
}

describe('times at which no process was there', () => {
  it('are left out, and so is the last if it is late by more than a minute: skip', async () => {
    const { calls, scheduler, clock } = await afterAPause({ missed: 'skip' }, 47 * minute)
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'missed', count: 4, attempts: 0, until: new Date(noon + 40 * minute) }])
    await clock.advance('3m')
    expect(calls.times).toEqual(['12:50:00'])
  })

  it('do not include the one for which a process came just late: skip', async () => {
    const { calls, scheduler } = await afterAPause({ missed: 'skip' }, 40 * minute + 30_000)
    await until(async () => (await scheduler.history('x')).length === 2)
    expect(calls.times).toEqual(['12:40:00'])
    expect(said(await scheduler.history('x'))).toEqual(['missed 3', 'succeeded'])
  })

  it('are made up for by the last of them: once', async () => {
    const { calls, scheduler, clock } = await afterAPause({}, 47 * minute)
    await until(async () => (await scheduler.history('x')).length === 2)
    expect(said(await scheduler.history('x'))).toEqual(['missed 3', 'succeeded'])
    await clock.advance('3m')
    expect(calls.times).toEqual(['12:40:00', '12:50:00'])
  })

  it('are each run: all', async () => {
    const { calls, scheduler, clock } = await afterAPause({ missed: 'all' }, 47 * minute)
    await until(async () => (await scheduler.history('x')).length === 4)
    await clock.advance('3m')
    expect(calls.times).toEqual(['12:10:00', '12:20:00', '12:30:00', '12:40:00', '12:50:00'])
  })

  it('are counted up to 100', async () => {
    const { scheduler } = await afterAPause({}, 5000 * minute)
    await until(async () => (await scheduler.history('x')).length === 2)
    expect(said(await scheduler.history('x'))).toEqual(['missed 100', 'succeeded'])
  })

  it('are none before a schedule was there for the first time', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    await started(memoryStorage(), [cron('x', '0 14 * * *', { missed: 'all' }, calls.quick)], { clock })
    await clock.advance('1h')
    expect(calls.times).toEqual([])
    await clock.advance('1h')
    expect(calls.times).toEqual(['14:00:00'])
  })
})

describe('a clock that jumps', () => {
  it.each([
    ['skip', ['missed 4'], []],
    ['once', ['missed 3', 'succeeded'], ['12:40:00']],
    ['all', ['succeeded', 'succeeded', 'succeeded', 'succeeded'], ['12:10:00', '12:20:00', '12:30:00', '12:40:00']],
  ] as const)('ahead leaves times behind that were missed, and is noticed within seconds: %s', async (missed, outcomes, times) => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { missed }, calls.quick)], { clock })
    clock.set(noon + 47 * minute)
    expect(calls.times).toEqual([])
    await clock.advance('5s')
    await until(async () => (await scheduler.history('x')).length === outcomes.length)
    expect(said(await scheduler.history('x'))).toEqual(outcomes)
    expect(calls.times).toEqual(times)
  })

  it('back shows times again that do not count twice', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    await started(memoryStorage(), [cron('x', '*/10 * * * *', calls.quick)], { clock })
    await clock.advance('32m')
    clock.set(noon + 2 * minute)
    await clock.advance('37m')
    expect(calls.times).toEqual(['12:10:00', '12:20:00', '12:30:00'])
    await clock.advance('1m')
    expect(calls.times).toEqual(['12:10:00', '12:20:00', '12:30:00', '12:40:00'])
  })

  it('back by hours was wrong before, and counts anew', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    await started(memoryStorage(), [cron('x', '*/10 * * * *', calls.quick)], { clock })
    clock.set(noon + 3 * 60 * minute)
    await clock.advance('10m')
    expect(calls.times).toEqual(['15:00:00', '15:10:00'])
    clock.set(noon)
    await clock.advance('20m')
    expect(calls.times.slice(2)).toEqual(['12:10:00', '12:20:00'])
  })

  it('far ahead of a timer does not keep it from its time', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    await started(memoryStorage(), [cron('x', '0 2 * * *', calls.quick)], { clock })
    await clock.advance('1s')
    clock.set(new Date('2026-01-15T01:59:58Z'))
    await clock.advance('2s')
    expect(calls.times).toEqual([])
    await clock.advance('2s')
    expect(calls.times).toEqual(['02:00:00'])
    expect(timeOf(new Date(clock.now()))).toBe('02:00:02')
  })
})
