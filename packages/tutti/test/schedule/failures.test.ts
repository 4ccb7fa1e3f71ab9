import { describe, expect, it, vi } from 'vitest'
import { createScheduler, cron, type FiringContext } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Calls, clockAtNoon, started, until } from './support.ts'

const retry = { attempts: 3, delay: '10s', backoff: 'constant', jitter: 'none' } as const

describe('a firing that fails', () => {
  it('is tried again under the same key, and succeeds in the end', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { retry }, calls.slow)], { clock })
    await clock.advance('10m')
    for (const attempt of [1, 2]) {
      calls.end(new Error(`no ${attempt}`))
      await until(async () => (await scheduler.status())[0]?.state === 'retrying')
      await clock.advance('9s')
      expect(calls.contexts).toHaveLength(attempt)
      await clock.advance('1s')
      expect(calls.contexts).toHaveLength(attempt + 1)
    }
    calls.end()
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(calls.contexts.map(({ key, attempt }) => [key, attempt])).toEqual(
      [1, 2, 3].map((attempt) => ['x@2026-01-14T12:10:00.000Z', attempt]),
    )
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 3, startedAt: new Date('2026-01-14T12:10:00Z') }])
  })

  it('is over after its attempts, and tells why', async () => {
    const clock = clockAtNoon()
    const definition = cron('x', '*/10 * * * *', { retry }, ({ attempt }) => {
      throw Object.assign(new Error(`no ${attempt}`), { code: 'E_NO' })
    })
    const scheduler = await started(memoryStorage(), [definition], { clock })
    await clock.advance('11m')
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'failed', attempts: 3, error: { code: 'E_NO', message: 'no 3' } }])
    expect((await scheduler.status())[0]).toMatchObject({ state: 'waiting', last: { outcome: 'failed' } })
  })

  it('is not tried again where that is not worth it', async () => {
    const clock = clockAtNoon()
    const calls: number[] = []
    const definition = cron('x', '*/10 * * * *', { retry: { ...retry, retryIf: () => false } }, ({ attempt }) => {
      calls.push(attempt)
      throw new Error('never')
    })
    const scheduler = await started(memoryStorage(), [definition], { clock })
    await clock.advance('11m')
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(calls).toEqual([1])
  })

  it('took too long: its signal fires, and what it does then does not count', async () => {
    const clock = clockAtNoon()
    const seen: FiringContext[] = []
    const definition = cron('x', '*/10 * * * *', { retry: { attempts: 1 }, timeout: '30s' }, (ctx) => {
      seen.push(ctx)
      return new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()))
    })
    const scheduler = await started(memoryStorage(), [definition], { clock })
    await clock.advance('10m')
    await clock.advance('29s')
    expect(seen[0]?.signal.aborted).toBe(false)
    await clock.advance('1s')
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(seen[0]?.signal.reason).toMatchObject({ code: 'TUTTI_TIMEOUT' })
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'failed', error: { code: 'TUTTI_TIMEOUT' } }])
  })

  it('waits with its next attempt while the schedule is paused', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { retry }, calls.slow)], { clock })
    await clock.advance('10m')
    await scheduler.pause('x')
    expect(await scheduler.status()).toMatchObject([{ state: 'running' }])
    calls.end(new Error('no'))
    await clock.advance('25m')
    expect(calls.contexts).toHaveLength(1)
    expect(await scheduler.status()).toMatchObject([{ state: 'paused' }])
    await scheduler.resume('x')
    await until(() => calls.contexts.length === 2)
    calls.end()
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 2 }])
  })
})

describe('a storage that fails for a while', () => {
  it('is asked again until it takes what was done, which is not done twice', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(storage, [cron('x', '*/10 * * * *', calls.slow)], { clock })
    const write = vi.spyOn(storage.state, 'write')
    for (let i = 0; i < 3; i++) write.mockRejectedValueOnce(new Error('no connection'))
    await clock.advance('10m')
    // It could not begin at first.
    await clock.advance('1s')
    expect(calls.times).toEqual(['12:10:00'])
    for (let i = 0; i < 3; i++) write.mockRejectedValueOnce(new Error('no connection'))
    calls.end()
    await clock.advance('10s')
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 1 }])
    await clock.advance('5m')
    expect(calls.times).toEqual(['12:10:00'])
  })

  it('does not keep what is held from ending when the lease may be over', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(storage, [cron('x', '*/10 * * * *', calls.slow)], { clock, lease: '15s' })
    await clock.advance('10m')
    const renew = vi.spyOn(storage.state, 'renew').mockRejectedValue(new Error('no connection'))
    await clock.advance('14s')
    expect(calls.contexts[0]?.signal.aborted).toBe(false)
    await clock.advance('1s')
    expect(calls.contexts[0]?.signal.reason).toMatchObject({ why: 'lost' })
    renew.mockRestore()
    await clock.advance('5s')
    expect(calls.contexts.map(({ attempt }) => attempt)).toEqual([1, 2])
    calls.end()
    calls.end()
    await until(async () => (await scheduler.history('x')).length === 1)
  })
})

describe('a process that stops', () => {
  it('waits for what runs, and begins nothing', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = createScheduler(memoryStorage(), [cron('x', '*/10 * * * *', { overlap: 'queue' }, calls.slow)], { clock })
    await scheduler.start()
    await clock.advance('25m')
    let isStopped = false
    const stopped = scheduler.stop().then(() => (isStopped = true))
    await clock.advance('20s')
    expect(isStopped).toBe(false)
    expect(calls.contexts[0]?.signal.aborted).toBe(false)
    calls.end()
    await stopped
    expect(calls.times).toEqual(['12:10:00'])
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'succeeded' }])
    expect(clock.pending).toBeLessThanOrEqual(1)
  })

  it('tells what takes too long to end, and another process does it again at once', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const calls = new Calls()
    const definition = cron('x', '*/10 * * * *', calls.slow)
    const first = createScheduler(storage, [definition], { clock, owner: 'a' })
    await first.start()
    await clock.advance('10m')
    const stopped = first.stop({ timeout: '1s' })
    await clock.advance('1s')
    await stopped
    expect(calls.contexts[0]?.signal.reason).toMatchObject({ code: 'TUTTI_WORK_ABORTED', why: 'stopping' })
    const second = await started(storage, [definition], { clock, owner: 'b' })
    await until(() => calls.contexts.length === 2)
    expect(calls.contexts[1]).toMatchObject({ key: 'x@2026-01-14T12:10:00.000Z', attempt: 2 })
    calls.end()
    calls.end()
    await until(async () => (await second.history('x')).length === 1)
    expect(await second.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 2, owner: 'b' }])
  })

  it('keeps the lease of what does not heed its signal, so that it is not done twice at once', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const begun: string[] = []
    const definition = (owner: string) =>
      cron('x', '*/10 * * * *', () => {
        begun.push(owner)
        return owner === 'a' ? new Promise(() => undefined) : undefined
      })
    const first = createScheduler(storage, [definition('a')], { clock, owner: 'a', lease: '15s' })
    await first.start()
    await clock.advance('10m')
    let isStopped = false
    void first.stop({ timeout: 0 }).then(() => (isStopped = true))
    await clock.advance('8s')
    await until(() => isStopped)
    const second = await started(storage, [definition('b')], { clock, owner: 'b', lease: '15s' })
    await clock.advance('1s')
    expect(begun).toEqual(['a'])
    await clock.advance('15s')
    expect(begun).toEqual(['a', 'b'])
    await until(async () => (await second.history('x')).length === 1)
  })
})
