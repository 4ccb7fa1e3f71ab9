import { describe, expect, it } from 'vitest'
import { createScheduler, cron } from '../../src/schedule/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Calls, clockAtNoon, noon, openStorage, started, storages, timeOf, until } from './support.ts'

describe.each(storages)('a schedule on %s', (kind) => {
  it('fires at its times, each once, and tells how it is', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(storage, [cron('refresh', '*/10 * * * *', calls.quick)], { clock, owner: 'a' })
    expect(await scheduler.status()).toMatchObject([{ name: 'refresh', timetable: '*/10 * * * * UTC', state: 'waiting', last: undefined }])
    expect(timeOf((await scheduler.status())[0]?.next)).toBe('12:10:00')
    for (const time of ['12:10:00', '12:20:00', '12:30:00']) {
      await clock.advance('10m')
      await until(async () => timeOf((await scheduler.status())[0]?.last?.scheduledAt) === time)
    }
    expect(calls.times).toEqual(['12:10:00', '12:20:00', '12:30:00'])
    expect(calls.contexts[0]).toMatchObject({ schedule: 'refresh', key: 'refresh@2026-01-14T12:10:00.000Z', attempt: 1, manual: false })
    const history = await scheduler.history('refresh')
    expect(history.map(({ scheduledAt }) => timeOf(scheduledAt))).toEqual(['12:30:00', '12:20:00', '12:10:00'])
    expect(history[2]).toEqual({
      key: 'refresh@2026-01-14T12:10:00.000Z',
      outcome: 'succeeded',
      scheduledAt: new Date(noon + 600_000),
      startedAt: new Date(noon + 600_000),
      endedAt: new Date(noon + 600_000),
      until: undefined,
      count: 1,
      manual: false,
      attempts: 1,
      owner: 'a',
      error: undefined,
    })
    expect(await scheduler.history('refresh', { limit: 1 })).toHaveLength(1)
  })
})
