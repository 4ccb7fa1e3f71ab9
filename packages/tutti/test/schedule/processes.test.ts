import { describe, expect, it } from 'vitest'
import { cron, type CronOptions } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { processOf } from '../projections/frozen-storage.ts'
import { Calls, clockAtNoon, noon, openStorage, passing, started, storages, timeOf, until } from './support.ts'

describe.each(storages)('several processes on %s', (kind) => {
  it('fire each time once between them', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const calls = new Calls()
    const definition = cron('x', '* * * * *', { history: 1000 }, calls.quick)
    const schedulers = await Promise.all(['a', 'b', 'c'].map((owner) => started(storage, [definition], { clock, owner })))
    for (let i = 1; i <= 20; i++) {
      await clock.advance('1m')
      await passing(clock, async () => (await schedulers[0]?.status())?.[0]?.last?.scheduledAt.getTime() === noon + i * 60_000)
    }
    expect(new Set(calls.times).size).toBe(20)
    expect(calls.times).toHaveLength(20)
    expect(await schedulers[1]?.history('x')).toHaveLength(20)
  })

  it('obey a pause by one of them, and do what was asked of another one', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const [here, there] = [new Calls(), new Calls()]
    const a = await started(storage, [cron('x', '* * * * *', here.quick)], { clock, owner: 'a' })
    // It was never started: it only asks.
    const { createScheduler } = await import('../../src/schedule/public.ts')
    const b = createScheduler(storage, [cron('x', '* * * * *', there.quick)], { clock, owner: 'b' })
    await b.pause('x')
    await clock.advance('5m')
    expect(here.times).toEqual([])
    const key = await b.runNow('x')
    await clock.advance('6s')
    await passing(clock, async () => (await b.history('x')).length === 1)
    expect(here.contexts.map((ctx) => ctx.key)).toEqual([key])
    expect(there.times).toEqual([])
    await b.resume('x')
    await clock.advance('1m')
    await passing(clock, async () => (await a.history('x')).length === 2)
    expect(here.times.at(-1)).toBe('12:06:00')
  })
})

/** Two processes with a schedule of every ten minutes, of which the first can be stopped in its tracks. */
async function pair(options: CronOptions = {}) {
  const shared = memoryStorage()
  const clock = clockAtNoon()
  const [first, second] = [new Calls(), new Calls()]
  const a = processOf(shared)
  await started(a.storage, [cron('x', '*/10 * * * *', options, first.slow)], { clock, owner: 'a', lease: '15s' })
  await clock.advance('10m')
  expect(first.times).toEqual(['12:10:00'])
  const b = await started(shared, [cron('x', '*/10 * * * *', options, second.slow)], { clock, owner: 'b', lease: '15s' })
  return { shared, clock, a, b, first, second }
}

describe('a firing whose process dies', () => {
  it('is run again by another one once the lease is over, under the same key', async () => {
    const { clock, a, b, first, second } = await pair()
    a.kill()
    await clock.advance('14s')
    expect(second.contexts).toEqual([])
    expect(await b.status()).toMatchObject([{ state: 'running', firing: { owner: 'a' } }])
    await clock.advance('2s')
    expect(second.contexts.map(({ key, attempt }) => [key, attempt])).toEqual([[first.contexts[0]?.key, 2]])
    second.end()
    await until(async () => (await b.history('x')).length === 1)
    expect(await b.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 2, owner: 'b', startedAt: new Date(noon + 600_000) }])
  })

  it('is left as it is where it must not be repeated, and the next one comes', async () => {
    const { clock, a, b, second } = await pair({ interrupted: 'skip' })
    a.kill()
    await clock.advance('16s')
    await until(async () => (await b.history('x')).length === 1)
    expect(await b.history('x')).toMatchObject([{ outcome: 'interrupted', attempts: 1 }])
    await clock.advance('10m')
    expect(second.times).toEqual(['12:20:00'])
  })

  it('is not run again for ever: it may be what ends the processes', async () => {
    const shared = memoryStorage()
    const clock = clockAtNoon()
    const attempts: number[] = []
    const die = async (owner: string) => {
      const dying = processOf(shared)
      const definition = cron('x', '0 13 * * *', ({ attempt }) => {
        attempts.push(attempt)
        dying.kill()
        return new Promise(() => undefined)
      })
      await started(dying.storage, [definition], { clock, owner, lease: '15s' })
    }
    await die('p0')
    await clock.advance('1h')
    for (let i = 1; i <= 8; i++) {
      await die(`p${i}`)
      await clock.advance('1m')
    }
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6])
    const last = await started(shared, [cron('x', '0 13 * * *', () => undefined)], { clock })
    expect(await last.history('x')).toMatchObject([{ outcome: 'interrupted', attempts: 6 }])
  })

  it.each([
    ['once', ['12:10:00', '13:00:00']],
    ['all', ['12:10:00', '12:20:00', '12:30:00', '12:40:00', '12:50:00', '13:00:00']],
    ['skip', ['12:10:00']],
  ] as const)('and nobody is there for a while: the times behind it were missed: %s', async (missed, times) => {
    const shared = memoryStorage()
    const clock = clockAtNoon()
    const a = processOf(shared)
    await started(a.storage, [cron('x', '*/10 * * * *', { missed }, new Calls().slow)], { clock, owner: 'a' })
    await clock.advance('10m')
    a.kill()
    await clock.advance('52m')
    const calls = new Calls()
    const b = await started(shared, [cron('x', '*/10 * * * *', { missed }, calls.quick)], { clock, owner: 'b' })
    await until(async () => (await b.status())[0]?.state === 'waiting' && calls.times.length === times.length)
    expect(calls.times).toEqual(times)
  })
})

describe('a process that sleeps through its lease', () => {
  it('is told when it wakes up, and what it did does not count', async () => {
    const { clock, a, b, first, second } = await pair()
    a.freeze()
    await clock.advance('21s')
    expect(second.contexts.map(({ attempt }) => attempt)).toEqual([2])
    a.thaw()
    await clock.advance('6s')
    await until(() => first.contexts[0]?.signal.aborted)
    expect(first.contexts[0]?.signal.reason).toMatchObject({ code: 'TUTTI_WORK_ABORTED', why: 'lost' })
    second.end()
    await until(async () => (await b.history('x')).length === 1)
    expect(await b.history('x')).toMatchObject([{ outcome: 'succeeded', owner: 'b', attempts: 2 }])
    await clock.advance('10m')
    expect([...first.times, ...second.times].toSorted()).toEqual(['12:10:00', '12:10:00', '12:20:00'])
  })

  it('cannot note what it finished meanwhile', async () => {
    const { clock, a, b, first, second } = await pair()
    a.freeze()
    first.end()
    await clock.advance('21s')
    expect(second.contexts).toHaveLength(1)
    a.thaw()
    await clock.advance('1s')
    expect(await b.history('x')).toEqual([])
    second.end()
    await until(async () => (await b.history('x')).length === 1)
    expect((await b.history('x')).map(({ owner }) => owner)).toEqual(['b'])
  })
})

describe('a firing that runs for longer than its lease', () => {
  it('keeps it', async () => {
    const { clock, b, first, second } = await pair({ overlap: 'queue' })
    await clock.advance('5m')
    expect(second.contexts).toEqual([])
    first.end()
    await until(async () => (await b.history('x')).length === 1)
    expect((await b.history('x'))[0]).toMatchObject({ attempts: 1, owner: 'a' })
    expect(timeOf((await b.history('x'))[0]?.endedAt)).toBe('12:15:00')
  })
})
