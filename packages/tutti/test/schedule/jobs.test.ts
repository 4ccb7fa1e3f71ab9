import { describe, expect, it } from 'vitest'
import { currentContext, deriveContext, runInContext } from '../../src/kernel/index.ts'
import { createScheduler, type JobContext, type JobOptions, type StoredCommand } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { processOf } from '../projections/frozen-storage.ts'
import { clockAtNoon, noon, openStorage, passing, started, storages, until } from './support.ts'

const mail: StoredCommand = { name: 'mail.send', input: { to: 'ann', at: new Date(noon), amount: 12n } }

/** What was sent, in order. */
class Sent {
  readonly calls: { readonly command: StoredCommand; readonly ctx: JobContext }[] = []

  get ids(): string[] {
    return this.calls.map(({ ctx }) => ctx.id)
  }

  readonly send = (command: StoredCommand, ctx: JobContext): void => void this.calls.push({ command, ctx })
}

describe.each(storages)('a job on %s', (kind) => {
  it('is sent at its time, once, and remembered', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const sent = new Sent()
    const scheduler = await started(storage, [], { clock, owner: 'a', jobs: sent })
    for (const owner of ['b', 'c']) await started(storage, [], { clock, owner, jobs: sent })
    const job = await scheduler.later('10m', mail, { id: 'remind-ann' })
    expect(job).toEqual({
      id: 'remind-ann',
      command: mail,
      state: 'waiting',
      due: new Date(noon + 600_000),
      createdAt: new Date(noon),
      endedAt: undefined,
      attempts: 0,
      error: undefined,
    })
    await scheduler.later(new Date(noon + 300_000), { name: 'mail.send', input: null }, { id: 'earlier' })
    expect((await scheduler.jobs()).map(({ id, state }) => [id, state])).toEqual([
      ['earlier', 'waiting'],
      ['remind-ann', 'waiting'],
    ])
    await clock.advance('9m')
    await passing(clock, () => sent.calls.length === 1)
    await clock.advance('1m')
    await passing(clock, async () => (await scheduler.jobs({ state: 'done' })).length === 2)
    expect(sent.ids).toEqual(['earlier', 'remind-ann'])
    expect(sent.calls[1]?.command).toEqual(mail)
    expect(sent.calls[1]?.ctx).toMatchObject({ key: 'later/remind-ann', attempt: 1 })
    // The id is taken as long as the job is remembered.
    expect(await scheduler.later('1m', mail, { id: 'remind-ann' })).toMatchObject({ state: 'done', attempts: 1 })
    await clock.advance('5m')
    expect(sent.calls).toHaveLength(2)
  })

  it('is not sent when it was cancelled, which what has begun cannot be', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const sent = new Sent()
    const scheduler = await started(storage, [], { clock, jobs: sent })
    await scheduler.later('1m', mail, { id: 'a' })
    await scheduler.later('2m', mail, { id: 'b' })
    expect(await scheduler.cancel('a')).toBe(true)
    expect(await scheduler.cancel('a')).toBe(false)
    await clock.advance('2m')
    await passing(clock, async () => (await scheduler.jobs({ state: 'done' })).length === 1)
    expect(await scheduler.cancel('b')).toBe(false)
    expect(sent.ids).toEqual(['b'])
  })

  it('is stored with the transaction that it was asked for in, or not at all', async () => {
    const storage = await openStorage(kind)
    const clock = clockAtNoon()
    const sent = new Sent()
    const scheduler = await started(storage, [], { clock, jobs: sent })
    const rolledBack = storage.transaction(async () => {
      await scheduler.later(0, mail, { id: 'rolled-back' })
      throw new Error('no')
    })
    await expect(rolledBack).rejects.toThrow('no')
    await storage.transaction(async (tx) => {
      await scheduler.later(0, mail, { id: 'committed' })
      await tx.state.put('things/1', 'made')
      expect(sent.ids).toEqual([])
    })
    await passing(clock, () => sent.calls.length === 1)
    await clock.advance('1m')
    expect(sent.ids).toEqual(['committed'])
  })
})

describe('a job', () => {
  it('goes on in the context in which it was asked for', async () => {
    const clock = clockAtNoon()
    const seen: unknown[] = []
    const send = (): void => {
      const { correlationId, causationId, tenant, actor } = currentContext() ?? {}
      seen.push({ correlationId, causationId, tenant, actor })
    }
    const scheduler = await started(memoryStorage(), [], { clock, jobs: { send } })
    const context = { ...deriveContext(undefined, { tenant: 'acme', actor: { id: 'u-1' } }), correlationId: 'c-1' }
    await runInContext(context, () => scheduler.later('1m', mail, { id: 'x' }), undefined)
    await clock.advance('1m')
    await until(() => seen.length === 1)
    expect(seen).toEqual([{ correlationId: 'c-1', causationId: 'later/x', tenant: 'acme', actor: { id: 'u-1' } }])
  })

  it('that fails is tried again, fails in the end, and is tried once more when somebody asks', async () => {
    const clock = clockAtNoon()
    const attempts: number[] = []
    let isMended = false
    const send = (_: StoredCommand, { attempt }: JobContext): void => {
      attempts.push(attempt)
      if (!isMended) throw new Error(`no ${attempt}`)
    }
    const retry = { attempts: 3, delay: '10s', backoff: 'constant', jitter: 'none' } as const
    const scheduler = await started(memoryStorage(), [], { clock, jobs: { send, retry } })
    await scheduler.later('1m', mail, { id: 'x' })
    await clock.advance('65s')
    expect(await scheduler.jobs()).toMatchObject([
      { state: 'waiting', attempts: 1, error: { message: 'no 1' }, due: new Date(noon + 70_000) },
    ])
    expect(await scheduler.retry('x')).toBe(false)
    await clock.advance('1m')
    expect(await scheduler.jobs({ state: 'failed' })).toMatchObject([{ state: 'failed', attempts: 3, error: { message: 'no 3' } }])
    expect(attempts).toEqual([1, 2, 3])
    isMended = true
    expect(await scheduler.retry('x')).toBe(true)
    await until(async () => (await scheduler.jobs({ state: 'done' })).length === 1)
    expect(attempts).toEqual([1, 2, 3, 1])
    expect((await scheduler.jobs())[0]?.error).toBeUndefined()
  })

  it('is left to a process that knows its command', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const [old, young] = [new Sent(), new Sent()]
    await started(storage, [], { clock, owner: 'old', jobs: { send: old.send, knows: (name) => name !== 'mail.send' } })
    const asking = createScheduler(storage, [], { clock })
    await asking.later(0, mail, { id: 'new' })
    await clock.advance('10s')
    expect(await asking.jobs()).toMatchObject([{ state: 'waiting', attempts: 0 }])
    // Whoever claims what it knows may get the other one as well, and gives it back.
    await asking.later(0, { name: 'mail.forward', input: 1 }, { id: 'old' })
    await clock.advance('5s')
    expect((await asking.jobs()).map(({ id, state, attempts }) => [id, state, attempts])).toEqual([
      ['new', 'waiting', 0],
      ['old', 'done', 1],
    ])
    await started(storage, [], { clock, owner: 'young', jobs: young })
    await clock.advance('10s')
    await until(async () => (await asking.jobs({ state: 'done' })).length === 2)
    expect([old.ids, young.ids]).toEqual([['old'], ['new']])
    expect(young.calls[0]?.ctx.attempt).toBe(1)
  })

  it('waits where so many run already as may', async () => {
    const clock = clockAtNoon()
    const open: (() => void)[] = []
    const send = (): Promise<void> => new Promise((resolve) => open.push(resolve))
    const scheduler = await started(memoryStorage(), [], { clock, jobs: { send, concurrency: 3 } })
    for (let i = 0; i < 7; i++) await scheduler.later(0, mail, { id: `x${i}` })
    await until(() => open.length === 3)
    await clock.advance('10s')
    expect(open).toHaveLength(3)
    expect((await scheduler.jobs({ state: 'waiting' })).map(({ state }) => state).toSorted()).toEqual([
      'running',
      'running',
      'running',
      'waiting',
      'waiting',
      'waiting',
      'waiting',
    ])
    for (let i = 1; i <= 7; i++) {
      await until(() => open.length > 0)
      open.shift()?.()
      await until(async () => (await scheduler.jobs({ state: 'done' })).length === i)
    }
  })

  it('takes no longer than it may', async () => {
    const clock = clockAtNoon()
    const jobs: JobOptions = { send: () => new Promise(() => undefined), timeout: '10s', retry: { attempts: 1 } }
    const scheduler = await started(memoryStorage(), [], { clock, jobs })
    await scheduler.later(0, mail, { id: 'x' })
    await clock.advance('20s')
    expect(await scheduler.jobs()).toMatchObject([{ state: 'failed', error: { code: 'TUTTI_TIMEOUT' } }])
  })

  it('whose process dies is done by another one, but not for ever', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const attempts: number[] = []
    const retry = { attempts: 3, delay: 1 } as const
    for (const owner of ['a', 'b', 'c', 'd']) {
      const dying = processOf(storage)
      const send = (_: StoredCommand, { attempt }: JobContext): Promise<void> => {
        attempts.push(attempt)
        dying.kill()
        return new Promise(() => undefined)
      }
      const scheduler = await started(dying.storage, [], { clock, owner, lease: '15s', jobs: { send, retry } })
      if (owner === 'a') await scheduler.later(0, mail, { id: 'x' })
      await clock.advance('20s')
    }
    expect(attempts).toEqual([1, 2, 3])
    const last = createScheduler(storage, [], { clock })
    expect(await last.jobs()).toMatchObject([{ state: 'failed', error: { code: 'TUTTI_WORK_ABORTED' } }])
  })

  it('is given back by a process that stops', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const hang = (_: StoredCommand, { signal }: JobContext): Promise<void> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const first = createScheduler(storage, [], { clock, owner: 'a', jobs: { send: hang } })
    await first.start()
    await first.later(0, mail, { id: 'x' })
    await until(async () => (await first.jobs())[0]?.state === 'running')
    const stopped = first.stop({ timeout: '1s' })
    await clock.advance('1s')
    await stopped
    const sent = new Sent()
    const second = await started(storage, [], { clock, owner: 'b', jobs: sent })
    await until(async () => (await second.jobs())[0]?.state === 'done')
    expect(sent.calls[0]?.ctx.attempt).toBe(1)
  })

  it('is forgotten a while after it has ended', async () => {
    const storage = memoryStorage()
    const clock = clockAtNoon()
    const scheduler = await started(storage, [], { clock, poll: '1m', jobs: { ...new Sent(), keep: '1h' } })
    await scheduler.later(0, mail, { id: 'x' })
    await until(async () => (await scheduler.jobs({ state: 'done' })).length === 1)
    await clock.advance('59m')
    expect(await scheduler.jobs()).toHaveLength(1)
    await clock.advance('10m')
    expect(await scheduler.jobs()).toEqual([])
  })

  it('of many is listed page by page', async () => {
    const scheduler = createScheduler(memoryStorage(), [])
    for (let i = 0; i < 5; i++) await scheduler.later('1h', mail, { id: `x${i}` })
    expect((await scheduler.jobs({ limit: 2 })).map(({ id }) => id)).toEqual(['x0', 'x1'])
    expect((await scheduler.jobs({ limit: 2, after: 'x1' })).map(({ id }) => id)).toEqual(['x2', 'x3'])
  })

  it.each<[string, (scheduler: ReturnType<typeof createScheduler>) => Promise<unknown>, string]>([
    ['a time that is none', (scheduler) => scheduler.later(new Date('never'), mail), 'TUTTI_OPTION_INVALID'],
    ['a duration that is none', (scheduler) => scheduler.later(Number.NaN, mail), 'TUTTI_DURATION_INVALID'],
    ['a command without a name', (scheduler) => scheduler.later(0, { name: '', input: 1 }), 'TUTTI_OPTION_INVALID'],
    ['an empty id', (scheduler) => scheduler.later(0, mail, { id: '' }), 'TUTTI_OPTION_INVALID'],
    ['what cannot be stored', (scheduler) => scheduler.later(0, { name: 'x', input: new Map() }), 'TUTTI_CODEC_UNSUPPORTED'],
  ])('is refused with %s', async (_, ask, code) => {
    await expect(ask(createScheduler(memoryStorage(), []))).rejects.toMatchObject({ code })
  })
})
