import { describe, expect, it } from 'vitest'
import { cron } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { lossyStorage } from '../fixtures/lossy-storage.ts'
import { Calls, clockAtNoon, passing, started, timeOf, until } from './support.ts'

const firing = (argument: unknown): boolean => JSON.stringify(argument).includes('"firing"')

describe('a write of a schedule whose answer gets lost', () => {
  it('at the end of a firing does not make the next one count as done', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const storage = lossyStorage(memoryStorage())
    const scheduler = await started(storage, [cron('x', '*/10 * * * *', { overlap: 'queue' }, calls.slow)], { clock })
    await clock.advance('25m')
    await until(() => calls.contexts.length === 1)
    // It notes that the first has ended, and that the second has begun.
    storage.loseAnswerTo('write')
    calls.end()
    await passing(clock, () => calls.contexts.length === 2)
    expect(storage.toLose).toBe(0)
    expect(calls.times).toEqual(['12:10:00', '12:20:00'])
    expect((await scheduler.history('x')).map(({ scheduledAt }) => timeOf(scheduledAt))).toEqual(['12:10:00'])
    calls.end()
    await passing(clock, async () => (await scheduler.history('x')).length === 2)
    expect(calls.contexts.map(({ attempt }) => attempt)).toEqual([1, 1])
    expect((await scheduler.history('x')).map(({ outcome, attempts }) => `${outcome} ${attempts}`)).toEqual(['succeeded 1', 'succeeded 1'])
  })

  it('at the end of the only firing notes it once', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const storage = lossyStorage(memoryStorage())
    const scheduler = await started(storage, [cron('x', '*/10 * * * *', calls.slow)], { clock })
    await clock.advance('10m')
    await until(() => calls.contexts.length === 1)
    storage.loseAnswerTo('write')
    calls.end()
    await until(() => storage.toLose === 0)
    await clock.advance('5s')
    expect(await scheduler.status()).toMatchObject([{ state: 'waiting' }])
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 1 }])
    await clock.advance('10m')
    await until(() => calls.contexts.length === 2)
    expect(calls.times).toEqual(['12:10:00', '12:20:00'])
  })

  it('after a failed attempt counts one failure', async () => {
    const clock = clockAtNoon()
    const calls = new Calls()
    const storage = lossyStorage(memoryStorage())
    const retry = { attempts: 2, delay: '10s', jitter: 'none' } as const
    const scheduler = await started(storage, [cron('x', '*/10 * * * *', { retry }, calls.slow)], { clock })
    await clock.advance('10m')
    await until(() => calls.contexts.length === 1)
    storage.loseAnswerTo('write')
    calls.end(new Error('no'))
    await until(() => storage.toLose === 0)
    await clock.advance('15s')
    await until(() => calls.contexts.length === 2)
    calls.end()
    await until(async () => (await scheduler.history('x')).length === 1)
    expect(await scheduler.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 2 }])
  })

  it.for(['repeat', 'skip'] as const)(
    'at the beginning of a firing has it run at once, and once (interrupted: %s)',
    async (interrupted) => {
      const clock = clockAtNoon()
      const calls = new Calls()
      const storage = lossyStorage(memoryStorage())
      const scheduler = await started(storage, [cron('x', '0 13 * * *', { interrupted }, calls.quick)], { clock, lease: '10m' })
      storage.loseAnswerTo('write', firing)
      await clock.advance('1h')
      await until(() => storage.toLose === 0)
      await clock.advance('10s')
      await until(async () => (await scheduler.history('x')).length === 1)
      expect(calls.contexts).toMatchObject([{ attempt: 1 }])
      expect(await scheduler.history('x')).toMatchObject([{ outcome: 'succeeded', attempts: 1 }])
      await clock.advance('1h')
      expect(calls.contexts).toHaveLength(1)
    },
  )
})

describe('a claim of jobs whose answer gets lost', () => {
  it('does not cost an attempt: they are sent at once, and once', async () => {
    const clock = clockAtNoon()
    const storage = lossyStorage(memoryStorage())
    const sent: string[] = []
    const jobs = { send: ({ name }: { name: string }) => void sent.push(name), retry: { attempts: 1 } }
    const scheduler = await started(storage, [], { clock, lease: '10m', jobs })
    for (const name of ['a', 'b']) await scheduler.later('1m', { name, input: {} }, { id: name })
    storage.loseAnswerTo('claim')
    await clock.advance('1m')
    await until(() => storage.toLose === 0)
    await clock.advance('10s')
    await until(() => sent.length === 2)
    await until(async () => (await scheduler.jobs({ state: 'done' })).length === 2)
    expect(sent.toSorted()).toEqual(['a', 'b'])
    expect(await scheduler.jobs()).toMatchObject([{ attempts: 1 }, { attempts: 1 }])
    await clock.advance('20m')
    expect(sent).toHaveLength(2)
  })

  it('nor does a job run twice whose end was noted unheard', async () => {
    const clock = clockAtNoon()
    const storage = lossyStorage(memoryStorage())
    const sent: string[] = []
    const jobs = { send: ({ name }: { name: string }) => void sent.push(name) }
    const scheduler = await started(storage, [], { clock, lease: '10m', jobs })
    await scheduler.later('1m', { name: 'a', input: {} })
    storage.loseAnswerTo('put')
    await clock.advance('1m')
    await until(() => storage.toLose === 0)
    await clock.advance('20m')
    expect(sent).toEqual(['a'])
    expect(await scheduler.jobs()).toMatchObject([{ state: 'done', attempts: 1 }])
  })
})
