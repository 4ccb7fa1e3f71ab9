import { describe, expect, it } from 'vitest'
import { cron, type FiringRecord } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Calls, clockAtNoon, started, timeOf, until } from './support.ts'

/** What a record says, oldest first: `skipped 12:20:00-12:30:00`. */
function said(history: readonly FiringRecord[]): string[] {
  return history
    .map(
      ({ outcome, scheduledAt, until: last, count }) =>
        `${outcome} ${timeOf(scheduledAt)}${last === undefined ? '' : `-${timeOf(last)} (${count})`}`,
    )
    .toReversed()
}

describe('while a firing runs, the next times', () => {
  it('are left out: skip', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', calls.slow)], { clock })
    await clock.advance('35m')
    expect(calls.times).toEqual(['12:10:00'])
    expect(await scheduler.status()).toMatchObject([{ state: 'running', next: new Date('2026-01-14T12:40:00Z') }])
    calls.end()
    await until(async () => (await scheduler.history('x')).length === 2)
    await clock.advance('5m')
    expect(calls.times).toEqual(['12:10:00', '12:40:00'])
    expect(said(await scheduler.history('x'))).toEqual(['succeeded 12:10:00', 'skipped 12:20:00-12:30:00 (2)'])
  })

  it('are run one after the other: queue', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { overlap: 'queue' }, calls.slow)], { clock })
    await clock.advance('35m')
    expect(calls.times).toEqual(['12:10:00'])
    for (const count of [2, 3]) {
      calls.end()
      await until(() => calls.times.length === count)
    }
    // It is behind, and what comes due meanwhile waits for its turn as well.
    await clock.advance('10m')
    expect(await scheduler.status()).toMatchObject([{ state: 'running' }])
    calls.end()
    await until(() => calls.times.length === 4)
    calls.end()
    await until(async () => (await scheduler.status())[0]?.state === 'waiting')
    expect(said(await scheduler.history('x'))).toEqual([
      'succeeded 12:10:00',
      'succeeded 12:20:00',
      'succeeded 12:30:00',
      'succeeded 12:40:00',
    ])
  })

  it('take its place: replace', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { overlap: 'replace' }, calls.slow)], { clock })
    await clock.advance('10m')
    expect(calls.contexts[0]?.signal.aborted).toBe(false)
    await clock.advance('10m')
    expect(calls.times).toEqual(['12:10:00', '12:20:00'])
    expect(calls.contexts[0]?.signal.reason).toMatchObject({ code: 'TUTTI_WORK_ABORTED', why: 'replaced' })
    calls.end()
    calls.end()
    await until(async () => (await scheduler.status())[0]?.state === 'waiting')
    expect(said(await scheduler.history('x'))).toEqual(['replaced 12:10:00', 'succeeded 12:20:00'])
  })

  it('wait no longer than 5 seconds for one that does not heed its signal', async () => {
    const clock = clockAtNoon()
    const times: string[] = []
    const deaf = (ctx: { readonly scheduledAt: Date }) => {
      times.push(timeOf(ctx.scheduledAt))
      return times.length === 1 ? new Promise(() => undefined) : undefined
    }
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { overlap: 'replace' }, deaf)], { clock })
    await clock.advance('20m')
    expect(times).toEqual(['12:10:00'])
    await clock.advance('5s')
    await until(async () => (await scheduler.history('x')).length === 2)
    expect(said(await scheduler.history('x'))).toEqual(['replaced 12:10:00', 'succeeded 12:20:00'])
  })

  it('take the place of one that waits to be tried again: replace', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const retry = { attempts: 5, delay: '1h', maxDelay: '1h', jitter: 'none' } as const
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { overlap: 'replace', retry }, calls.slow)], { clock })
    await clock.advance('10m')
    calls.end(new Error('not now'))
    await until(async () => (await scheduler.status())[0]?.state === 'retrying')
    await clock.advance('10m')
    calls.end()
    await until(async () => (await scheduler.status())[0]?.state === 'waiting')
    expect(said(await scheduler.history('x'))).toEqual(['replaced 12:10:00', 'succeeded 12:20:00'])
  })

  it('are left out also while it waits to be tried again: skip', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const retry = { delay: '15m', maxDelay: '15m', jitter: 'none' } as const
    const scheduler = await started(memoryStorage(), [cron('x', '*/10 * * * *', { retry }, calls.slow)], { clock })
    await clock.advance('10m')
    calls.end(new Error('not now'))
    await clock.advance('15m')
    expect(calls.times).toEqual(['12:10:00', '12:10:00'])
    calls.end()
    await until(async () => (await scheduler.status())[0]?.state === 'waiting')
    expect(said(await scheduler.history('x'))).toEqual(['skipped 12:20:00', 'succeeded 12:10:00'])
  })
})
