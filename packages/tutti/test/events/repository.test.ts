import { describe, expect, it } from 'vitest'
import { createRepository, ExpectedVersionError, type Repository } from '../../src/events/public.ts'
import { TuttiError } from '../../src/kernel/index.ts'
import { ValidationError } from '../../src/schema/index.ts'
import { memoryStorage, StreamConflictError } from '../../src/storage/index.ts'
import { counter } from './counter.ts'
import { Order } from './order.ts'

const place = (id = 'o-1', options = {}) => Order.commands.place(id, { customer: 'ann', total: 5 }, options)
const pay = (id = 'o-1', options = {}) => Order.commands.pay(id, { amount: 5 }, options)
const accepted = (version: number) => ({ ok: true, version, position: expect.any(Number) })

/** Repositories on one storage know nothing of each other, as those of several processes do not. */
const processes = (storage: ReturnType<typeof memoryStorage>, count: number): Repository[] =>
  Array.from({ length: count }, () => createRepository(storage, { attempts: 100 }))

describe('execute', () => {
  it('decides on the state and appends the events', async () => {
    await using storage = memoryStorage()
    await using repository = createRepository(storage)
    expect(await repository.execute(pay())).toEqual({ ok: false, code: 'NOT_OPEN' })
    expect(await repository.execute(place())).toEqual({ ok: true, version: 1, position: 1 })
    expect(await repository.execute(place())).toEqual({ ok: false, code: 'ALREADY_PLACED' })
    expect(await repository.execute(pay())).toEqual({ ok: true, version: 2, position: 2 })
    const events = await storage.events.read('order-o-1').toArray()
    expect(events.map(({ type, version, data }) => ({ type, version, data }))).toEqual([
      { type: 'order.placed', version: 1, data: { customer: 'ann', total: 5 } },
      { type: 'order.paid', version: 1, data: { amount: 5 } },
    ])
    expect(await repository.load(Order, 'o-1')).toEqual({ status: 'paid', total: 5 })
    expect(await repository.inspect(Order, 'o-1')).toEqual({ state: { status: 'paid', total: 5 }, version: 2, position: 2 })
  })

  it('validates the data, and says where it is wrong', async () => {
    const repository = createRepository(memoryStorage())
    const error = await repository.execute(Order.commands.place('o-1', { customer: 'ann', total: -1 })).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ValidationError)
    expect(error).toMatchObject({ status: 422, problems: [{ path: 'total' }] })
    expect(await repository.exists(Order, 'o-1')).toBe(false)
  })

  it('answers with the version that is there when a command changes nothing', async () => {
    const { add } = counter()
    const repository = createRepository(memoryStorage())
    expect(await repository.execute(add(0))).toEqual({ ok: true, version: 0, position: 0 })
    await repository.execute(add(2))
    expect(await repository.execute(add(0))).toEqual({ ok: true, version: 1, position: 1 })
  })

  it('gives a rejection its details', async () => {
    const repository = createRepository(memoryStorage())
    expect(await repository.execute(counter().add(-1))).toEqual({ ok: false, code: 'NEGATIVE', details: { sum: 0 } })
  })

  it('gives up after so many attempts', async () => {
    const { add } = counter()
    const storage = memoryStorage()
    const there = createRepository(storage)
    await there.execute(add(1))
    const events = {
      ...storage.events,
      append: async (...[stream, added, options]: Parameters<typeof storage.events.append>) => {
        await there.execute(add(1))
        return storage.events.append(stream, added, options)
      },
    }
    const raced = new Proxy(storage, { get: (target, name) => (name === 'events' ? events : Reflect.get(target, name, target)) })
    const error = await createRepository(raced, { attempts: 3 })
      .execute(add(1))
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'TUTTI_COMMAND_CONTENDED', status: 503, cause: expect.any(StreamConflictError) })
    expect(await storage.events.read('counter-c').toArray()).toHaveLength(4)
  })
})

describe('expected versions', () => {
  it('fail with 412 and the actual version, also when memory is old', async () => {
    const storage = memoryStorage()
    const [here, there] = processes(storage, 2) as [Repository, Repository]
    await here.execute(place())
    await there.execute(pay())
    const error = await here.execute(pay('o-1', { expected: 1 })).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ExpectedVersionError)
    expect(error).toMatchObject({ code: 'TUTTI_PRECONDITION_FAILED', status: 412, actual: 2, details: { expected: 1, actual: 2 } })
  })

  it('can be that there is none, or one', async () => {
    const repository = createRepository(memoryStorage())
    await expect(repository.execute(pay('o-1', { expected: 'exists' }))).rejects.toMatchObject({ status: 412, actual: 0 })
    expect(await repository.execute(place('o-1', { expected: 'none' }))).toEqual(accepted(1))
    await expect(repository.execute(pay('o-1', { expected: 'none' }))).rejects.toMatchObject({ status: 412, actual: 1 })
    expect(await repository.execute(pay('o-1', { expected: 'exists' }))).toEqual(accepted(2))
  })

  it('hold for what memory does not know of yet', async () => {
    const storage = memoryStorage()
    const [here, there] = processes(storage, 2) as [Repository, Repository]
    const { add } = counter()
    await here.execute(add(1))
    await there.execute(add(1))
    expect(await here.execute(add(1, { expected: 2 }))).toEqual(accepted(3))
  })
})

describe('keys', () => {
  it('stand above the expected version, which the first one has moved', async () => {
    const { add } = counter()
    const repository = createRepository(memoryStorage())
    await repository.execute(add(1))
    const first = await repository.execute(add(1, { key: 'k', expected: 1 }))
    expect(await repository.execute(add(1, { key: 'k', expected: 1 }))).toEqual(first)
    await expect(repository.execute(add(1, { key: 'other', expected: 1 }))).rejects.toMatchObject({ status: 412 })
  })

  it('leave a command that wrote nothing to be decided anew', async () => {
    const repository = createRepository(memoryStorage())
    expect(await repository.execute(pay('o-1', { key: 'k' }))).toEqual({ ok: false, code: 'NOT_OPEN' })
    await repository.execute(place())
    expect(await repository.execute(pay('o-1', { key: 'k' }))).toEqual(accepted(2))
  })

  it('must be short texts', () => {
    for (const key of ['', 'x'.repeat(201), '\ud800']) expect(() => place('o-1', { key })).toThrow(TuttiError)
  })
})

describe('transactions', () => {
  it('keep states and save snapshots once they have committed', async () => {
    const { Counter, add, seen } = counter({ every: 2 })
    const storage = memoryStorage()
    const repository = createRepository(storage)
    await storage.transaction(async () => {
      await repository.execute(add(1))
      await repository.execute(add(1))
    })
    await repository.close()
    expect(await storage.state.get('snapshots/counter-c')).toMatchObject({ value: { version: 2, state: { sum: 2 } } })
    seen.evolved = 0
    expect(await repository.load(Counter, 'c')).toEqual({ sum: 2 })
    expect(seen.evolved).toBe(0)
  })

  it('end with the conflict, for only their beginner can begin them again', async () => {
    const { add } = counter()
    const storage = memoryStorage()
    const events = { ...storage.events, append: () => Promise.reject(new StreamConflictError('counter-c', 0, 1)) }
    const raced = new Proxy(storage, { get: (target, name) => (name === 'events' ? events : Reflect.get(target, name, target)) })
    const repository = createRepository(raced)
    await expect(storage.transaction(() => repository.execute(add(1)))).rejects.toBeInstanceOf(StreamConflictError)
  })

  it('do not wait for commands outside that wait for them', async () => {
    const { Counter, add } = counter()
    const storage = memoryStorage()
    const repository = createRepository(storage)
    let outside: Promise<unknown> = Promise.resolve()
    const begun = Promise.withResolvers<void>()
    const transaction = storage.transaction(async () => {
      begun.resolve()
      await Promise.resolve()
      await repository.execute(add(1))
    })
    await begun.promise
    outside = repository.execute(add(1))
    await Promise.all([transaction, outside])
    expect(await repository.load(Counter, 'c')).toEqual({ sum: 2 })
  })
})

describe('loading', () => {
  it('fails with 404, or finds nothing, where there is nothing', async () => {
    const repository = createRepository(memoryStorage())
    await expect(repository.load(Order, 'o-9')).rejects.toMatchObject({ code: 'TUTTI_AGGREGATE_NOT_FOUND', status: 404, id: 'o-9' })
    expect(await repository.find(Order, 'o-9')).toBeUndefined()
    expect(await repository.inspect(Order, 'o-9')).toBeUndefined()
    expect(await repository.exists(Order, 'o-9')).toBe(false)
  })

  it('sees what other processes have written', async () => {
    const { Counter, add } = counter()
    const [here, there] = processes(memoryStorage(), 2) as [Repository, Repository]
    await here.execute(add(1))
    await there.execute(add(1))
    expect(await here.load(Counter, 'c')).toEqual({ sum: 2 })
  })

  it('refuses ids that cannot be in the name of a stream', async () => {
    const repository = createRepository(memoryStorage())
    for (const id of ['', 'a\nb', 'x'.repeat(250), '\ud800']) {
      await expect(repository.load(Order, id)).rejects.toMatchObject({ status: 422, problems: [{ path: 'id' }] })
      expect(() => place(id)).toThrow(ValidationError)
    }
    expect(Order.stream('a/b ü')).toBe('order-a/b ü')
  })

  it('treats a tombstone as nothing to load, and as gone to commands, whatever is in memory', async () => {
    const storage = memoryStorage()
    const repository = createRepository(storage)
    await repository.execute(place())
    await storage.events.tombstone('order-o-1')
    expect(await repository.find(Order, 'o-1')).toBeUndefined()
    expect(await repository.exists(Order, 'o-1')).toBe(false)
    await expect(repository.execute(place())).rejects.toMatchObject({ code: 'TUTTI_STREAM_TOMBSTONED', status: 410 })
    await expect(repository.execute(pay())).rejects.toMatchObject({ code: 'TUTTI_STREAM_TOMBSTONED' })
  })

  it('gives states that cannot be changed', async () => {
    const repository = createRepository(memoryStorage())
    await repository.execute(place())
    const state = await repository.load(Order, 'o-1')
    expect(() => Object.assign(state, { total: 0 })).toThrow(TypeError)
  })
})
