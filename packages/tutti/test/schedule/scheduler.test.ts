import { describe, expect, it } from 'vitest'
import { currentContext, deriveContext, runInContext } from '../../src/kernel/index.ts'
import { createMeter, MetricRegistry } from '../../src/observe/index.ts'
import { createScheduler, cron } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Calls, clockAtNoon, noon, openStorage, passing, started, storages, timeOf, until } from './support.ts'

describe.each(storages)('a schedule on %s', (kind) => {
  it('fires at its times, each once, and tells how it is', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(storage, [cron('refresh', '*/10 * * * *', calls.quick)], { clock, owner: 'a' })
    expect(await scheduler.status()).toMatchObject([
      { name: 'refresh', timetable: '*/10 * * * * UTC', state: 'waiting', firing: undefined, behind: false, last: undefined },
    ])
    expect(timeOf((await scheduler.status())[0]?.next)).toBe('12:10:00')
    for (const time of ['12:10:00', '12:20:00', '12:30:00']) {
      await clock.advance('10m')
      await passing(clock, async () => timeOf((await scheduler.status())[0]?.last?.scheduledAt) === time)
    }
    expect(calls.times).toEqual(['12:10:00', '12:20:00', '12:30:00'])
    expect(calls.contexts[0]).toMatchObject({ schedule: 'refresh', key: 'refresh@2026-01-14T12:10:00.000Z', attempt: 1, manual: false })
    const history = await scheduler.history('refresh')
    expect(history.map(({ scheduledAt }) => timeOf(scheduledAt))).toEqual(['12:30:00', '12:20:00', '12:10:00'])
    expect(history[2]).toEqual({
      key: 'refresh@2026-01-14T12:10:00.000Z',
      outcome: 'succeeded',
      scheduledAt: new Date(noon + 600_000),
      startedAt: expect.any(Date) as Date,
      endedAt: expect.any(Date) as Date,
      until: undefined,
      count: 1,
      manual: false,
      attempts: 1,
      owner: 'a',
      error: undefined,
    })
    expect(await scheduler.history('refresh', { limit: 1 })).toHaveLength(1)
  })

  it('fires at once when somebody asks for it, also while it is paused', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(storage, [cron('nightly', '0 2 * * *', calls.slow)], { clock, owner: 'a' })
    await scheduler.pause('nightly')
    expect(await scheduler.status()).toMatchObject([{ state: 'paused', next: undefined }])
    const key = await scheduler.runNow('nightly')
    await passing(clock, () => calls.contexts.length === 1)
    expect(calls.contexts[0]).toMatchObject({ key, manual: true, scheduledAt: new Date(noon) })
    expect(await scheduler.status()).toMatchObject([{ state: 'running', firing: { key, manual: true, attempt: 1, owner: 'a' } }])
    // The next one waits for its turn.
    const second = await scheduler.runNow('nightly')
    expect(await scheduler.status()).toMatchObject([{ behind: true }])
    calls.end()
    await passing(clock, () => calls.contexts.length === 2)
    calls.end()
    await passing(clock, async () => (await scheduler.history('nightly')).length === 2)
    expect((await scheduler.history('nightly')).map((record) => [record.key, record.outcome])).toEqual([
      [second, 'succeeded'],
      [key, 'succeeded'],
    ])
    await passing(clock, async () => (await scheduler.status())[0]?.state === 'paused')
  })

  it('rests while it is paused, and leaves out what came due meanwhile', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const calls = new Calls()
    const definition = cron('refresh', '*/10 * * * *', calls.quick)
    const scheduler = await started(storage, [definition], { clock })
    await clock.advance('10m')
    await passing(clock, async () => (await scheduler.history(definition)).length === 1)
    await scheduler.pause(definition)
    await clock.advance('35m')
    await scheduler.resume(definition)
    await clock.advance('5m')
    await passing(clock, async () => (await scheduler.history(definition)).length === 2)
    expect(calls.times).toEqual(['12:10:00', '12:50:00'])
  })

  it('remembers as many firings as it is told to', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(storage, [cron('refresh', { every: '1m', history: 3 }, calls.quick)], { clock })
    for (let i = 1; i <= 5; i++) {
      await clock.advance('1m')
      await passing(clock, async () => (await scheduler.status())[0]?.last?.scheduledAt.getTime() === noon + i * 60_000)
    }
    expect((await scheduler.history('refresh')).map(({ scheduledAt }) => timeOf(scheduledAt))).toEqual(['12:05:00', '12:04:00', '12:03:00'])
    expect(await storage.state.list('firings/')).toHaveLength(3)
  })
})

describe('a schedule', () => {
  it('may begin later than its time, by a share of the jitter that is its own and the same everywhere', async () => {
    const clock = clockAtNoon()
    const late = async () => {
      const storage = memoryStorage()
      const lateness: number[] = []
      const definition = cron('x', { every: '10m', jitter: '5m' }, ({ scheduledAt }) => lateness.push(clock.now() - scheduledAt.getTime()))
      const scheduler = createScheduler(storage, [definition], { clock, poll: '10m' })
      await scheduler.start()
      for (let i = 1; i <= 6; i++) {
        await clock.advance('10m')
        await until(async () => (await scheduler.history('x')).length === i - (lateness.length < i ? 1 : 0))
      }
      await clock.advance('5m')
      await until(async () => (await scheduler.history('x')).length === 6)
      await scheduler.stop()
      return lateness
    }
    const first = await late()
    clock.set(noon)
    expect(await late()).toEqual(first)
    expect(new Set(first).size).toBe(6)
    for (const one of first) expect(one).toBeGreaterThanOrEqual(0)
    for (const one of first) expect(one).toBeLessThan(300_000)
  })

  it('runs in a context of its own, and one that was asked for in the context of who did', async () => {
    const clock = clockAtNoon()
    const seen: unknown[] = []
    const definition = cron('x', '*/10 * * * *', () => {
      const { causationId, correlationId, tenant } = currentContext() ?? {}
      seen.push({ causationId, correlationId, tenant })
    })
    const scheduler = await started(memoryStorage(), [definition], { clock })
    await clock.advance('10m')
    await until(() => seen.length === 1)
    expect(seen[0]).toEqual({ causationId: 'x@2026-01-14T12:10:00.000Z', correlationId: expect.any(String) as string, tenant: undefined })
    const context = { ...deriveContext(undefined, { tenant: 'acme' }), correlationId: 'c-1' }
    const key = await runInContext(context, () => scheduler.runNow('x'), undefined)
    await until(() => seen.length === 2)
    expect(seen[1]).toEqual({ causationId: key, correlationId: 'c-1', tenant: 'acme' })
  })

  it('hands the handler what the application adds to its context', async () => {
    const clock = clockAtNoon()
    const seen: unknown[] = []
    const definition = cron<{ readonly key: string; readonly greet: (name: string) => string }>('x', { every: '1m' }, ({ key, greet }) =>
      seen.push([key, greet('world')]),
    )
    const scheduler = createScheduler(memoryStorage(), [definition], {
      clock,
      run: (ctx, handler) => handler({ ...ctx, greet: (name) => `hello ${name}` }),
    })
    await scheduler.start()
    await clock.advance('1m')
    await until(() => seen.length === 1)
    expect(seen).toEqual([['x@2026-01-14T12:01:00.000Z', 'hello world']])
    await scheduler.stop()
  })

  it('with another timetable counts anew from when a process with it starts', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const calls = new Calls()
    const before = await started(storage, [cron('x', '*/10 * * * *', calls.quick)], { clock })
    await clock.advance('10m')
    await until(async () => (await before.history('x')).length === 1)
    await before.stop()
    await clock.advance('1h')
    const after = await started(storage, [cron('x', '*/15 * * * *', calls.quick)], { clock })
    expect(timeOf((await after.status())[0]?.next)).toBe('13:15:00')
    await clock.advance('5m')
    await until(async () => (await after.history('x')).length === 2)
    expect(calls.times).toEqual(['12:10:00', '13:15:00'])
  })

  it('of two processes with different timetables fires at the times of both, while both run', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const calls = new Calls()
    const old = await started(storage, [cron('x', '20 * * * *', calls.quick)], { clock })
    await started(storage, [cron('x', '40 * * * *', calls.quick)], { clock })
    for (const count of [1, 2, 3]) {
      await clock.advance('20m')
      if (count !== 3) await until(async () => (await old.history('x')).length === count)
    }
    expect(calls.times).toEqual(['12:20:00', '12:40:00'])
  })

  it('is measured', async () => {
    const clock = clockAtNoon()
    const registry = new MetricRegistry()
    const meter = createMeter('test', { registry })
    const calls = new Calls()
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', calls.slow)], { clock, meter })
    await clock.advance('35m')
    calls.end()
    await until(async () => (await scheduler.history('x')).length === 2)
    const firings = registry.collect().find(({ name }) => name === 'tutti.schedule.firings')
    expect(firings).toMatchObject({
      series: [
        { labels: { schedule: 'x', outcome: 'succeeded' }, value: 1 },
        { labels: { schedule: 'x', outcome: 'skipped' }, value: 2 },
      ],
    })
  })

  it('needs a name of its own, and is found by it', async () => {
    const definition = cron('x', '* * * * *', () => undefined)
    expect(() => createScheduler(memoryStorage(), [definition, definition])).toThrow('two schedules called x')
    const scheduler = createScheduler(memoryStorage(), [definition])
    await expect(scheduler.pause('y')).rejects.toMatchObject({ code: 'TUTTI_SCHEDULE_UNKNOWN', status: 404, details: { schedule: 'y' } })
    await expect(scheduler.history('x', { limit: 0 })).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    await scheduler.stop()
  })

  it.each([
    [{ lease: 10 }, 'lease of 10 ms'],
    [{ poll: 1 }, 'poll of 1 ms'],
    [{ jobs: { concurrency: 0 } }, 'concurrency of jobs of 0'],
  ] as const)('is not run with %j', (options, why) => {
    expect(() => createScheduler(memoryStorage(), [], options)).toThrow(why)
  })
})
