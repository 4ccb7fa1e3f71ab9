import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, createRepository, event, reject } from '../../src/events/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { counter } from './counter.ts'

describe('time travel', () => {
  it('gives the state at a version', async () => {
    for (const policy of [undefined, { every: 4 }]) {
      const { Counter, add } = counter(policy)
      const repository = createRepository(memoryStorage())
      for (let i = 1; i <= 10; i++) await repository.execute(add(i))
      await repository.close()
      expect(await repository.load(Counter, 'c', { version: 1 })).toEqual({ sum: 1 })
      expect(await repository.inspect(Counter, 'c', { version: 9 })).toEqual({ state: { sum: 45 }, version: 9, position: 9 })
      expect(await repository.load(Counter, 'c', { version: 10 })).toEqual({ sum: 55 })
      expect(await repository.find(Counter, 'c', { version: 11 })).toBeUndefined()
      await expect(repository.load(Counter, 'c', { version: 11 })).rejects.toThrow('There is no counter with the id "c" at version 11.')
      await expect(repository.load(Counter, 'c', { version: 0 })).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    }
  })

  it('gives the state at a time', async () => {
    for (const policy of [undefined, { every: 4 }]) {
      const clock = fakeClock()
      const began = clock.now()
      const { Counter, add } = counter(policy)
      const repository = createRepository(memoryStorage({ clock }))
      for (let i = 1; i <= 10; i++) {
        await clock.advance('1h')
        await repository.execute(add(1))
      }
      await repository.close()
      const hour = 3_600_000
      expect(await repository.load(Counter, 'c', { time: new Date(began + 3.5 * hour) })).toEqual({ sum: 3 })
      expect(await repository.load(Counter, 'c', { time: began + 9 * hour })).toEqual({ sum: 9 })
      expect(await repository.load(Counter, 'c', { time: began + 99 * hour })).toEqual({ sum: 10 })
      expect(await repository.load(Counter, 'c', { time: began + 99 * hour, version: 5 })).toEqual({ sum: 5 })
      expect(await repository.find(Counter, 'c', { time: began })).toBeUndefined()
      await expect(repository.load(Counter, 'c', { time: new Date(Number.NaN) })).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    }
  })
})

describe('old and unknown events', () => {
  const Old = aggregate('account', {
    events: { opened: event(z.object({ name: z.string() })) },
    commands: { open: z.object({ name: z.string() }) },
    initial: () => '',
  })
    .evolve({ opened: (_, { name }) => name })
    .decide({ open: (_, data, emit) => emit.opened(data) })
  const definition = {
    events: {
      opened: event(z.object({ first: z.string(), last: z.string() }), {
        version: 3,
        upcast: {
          1: ({ name }: { name: string }) => ({ names: name.split(' ') }),
          2: ({ names: [first = '', last = ''] }: { names: string[] }) => ({ first, last }),
        },
      }),
    },
    commands: { greet: z.object({}) },
    initial: () => ({ first: '', last: '' }),
  }

  it('are upcast on every read', async () => {
    const New = aggregate('account', definition)
      .evolve({ opened: (_, data) => data })
      .decide({ greet: (state) => reject('HELLO', { ...state }) })
    const storage = memoryStorage()
    await createRepository(storage).execute(Old.commands.open('1', { name: 'Ada Lovelace' }))
    const repository = createRepository(storage)
    expect(await repository.load(New, '1')).toEqual({ first: 'Ada', last: 'Lovelace' })
    expect(await repository.execute(New.commands.greet('1', {}))).toMatchObject({ details: { first: 'Ada' } })
    // What a newer process has written is not guessed at.
    await storage.events.append(New.stream('2'), [New.events.opened({ first: 'a', last: 'b' })])
    await expect(createRepository(storage).load(Old, '2')).rejects.toMatchObject({ code: 'TUTTI_EVENT_DOWNCAST' })
  })

  it('are an error, or are skipped where that is declared', async () => {
    const { Counter, add } = counter()
    const Lenient = aggregate('counter', { events: {}, commands: { check: z.object({}) }, initial: () => 'nothing', unknownEvents: 'skip' })
      .evolve({})
      .decide({ check: () => undefined })
    const storage = memoryStorage()
    await createRepository(storage).execute(add(1))
    await storage.events.append('counter-c', [{ type: 'counter.painted', data: {} }])
    const repository = createRepository(storage)
    await expect(repository.load(Counter, 'c')).rejects.toMatchObject({ code: 'TUTTI_EVENT_UNKNOWN', details: { type: 'counter.painted' } })
    await expect(repository.execute(add(1))).rejects.toMatchObject({ code: 'TUTTI_EVENT_UNKNOWN' })
    expect(await repository.inspect(Lenient, 'c')).toMatchObject({ state: 'nothing', version: 2 })
    expect(await repository.execute(Lenient.commands.check('c', {}))).toMatchObject({ ok: true, version: 2 })
  })
})

describe('the state in memory', () => {
  it('is what a replay gives, to the last member', async () => {
    const Note = aggregate('note', {
      events: {
        written: event(z.object({ text: z.string().optional(), at: z.date(), size: z.bigint(), bytes: z.instanceof(Uint8Array) })),
      },
      commands: { write: z.object({ text: z.string().optional() }) },
      initial: () => ({ notes: [] as unknown[] }),
    })
      .evolve({ written: (state, data) => ({ notes: [...state.notes, data] }) })
      .decide({ write: (_, { text }, emit) => emit.written({ text, at: new Date(5), size: 12n, bytes: new Uint8Array([1, 2]) }) })
    const storage = memoryStorage()
    const hot = createRepository(storage)
    await hot.execute(Note.commands.write('n', {}))
    await hot.execute(Note.commands.write('n', { text: 'x' }))
    const [inMemory, replayed] = [await hot.load(Note, 'n'), await createRepository(storage, { cache: false }).load(Note, 'n')]
    expect(inMemory).toStrictEqual(replayed)
    expect(inMemory.notes[0]).not.toHaveProperty('text')
    expect(inMemory.notes[1]).toMatchObject({ at: new Date(5), size: 12n, bytes: new Uint8Array([1, 2]) })
  })

  it('spares commands every read', async () => {
    const { add } = counter()
    const storage = memoryStorage()
    let reads = 0
    const events = {
      ...storage.events,
      read: (...asked: Parameters<typeof storage.events.read>) => (reads++, storage.events.read(...asked)),
    }
    const counted = new Proxy(storage, { get: (target, name) => (name === 'events' ? events : Reflect.get(target, name, target)) })
    const repository = createRepository(counted)
    for (let i = 0; i < 10; i++) await repository.execute(add(1))
    expect(reads).toBe(1)
    const cold = createRepository(counted, { cache: false })
    for (let i = 0; i < 10; i++) await cold.execute(add(1))
    expect(reads).toBe(11)
  })

  it('follows a stream that was replaced behind its back', async () => {
    const { Counter, add } = counter()
    const [one, other] = [memoryStorage(), memoryStorage()]
    let current = one
    const switched = new Proxy(one, { get: (_, name) => Reflect.get(current, name, current) })
    const repository = createRepository(switched)
    for (let i = 0; i < 3; i++) await repository.execute(add(1))
    // As after a backup was restored: the same stream, with another history.
    for (const by of [10, 20, 30]) await createRepository(other).execute(add(by))
    current = other
    expect(await repository.load(Counter, 'c')).toEqual({ sum: 60 })
  })

  it('builds a stream of 100,000 events in pages', { timeout: 60_000 }, async () => {
    const { Counter } = counter()
    const storage = memoryStorage()
    const batch = Array.from({ length: 1000 }, () => Counter.events.added({ by: 1 }))
    for (let i = 0; i < 100; i++) await storage.events.append('counter-c', batch)
    expect(await createRepository(storage).inspect(Counter, 'c')).toEqual({ state: { sum: 100_000 }, version: 100_000, position: 100_000 })
  })
})
