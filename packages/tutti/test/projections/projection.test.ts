import { describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import { aggregate } from '../../src/events/public.ts'
import { currentContext, runInContext, type Context } from '../../src/kernel/index.ts'
import { event } from '../../src/message/index.ts'
import { createProjector, projection, type Projection } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { Account, documentsOf, openStorage, pay, storages, sums, totals } from './support.ts'

describe.each(storages)('an asynchronous projection on %s', (kind) => {
  it('keeps documents up to date', async () => {
    const storage = await openStorage(kind)
    for (let i = 0; i < 20; i++) await pay(storage, String(i % 5), i)
    const definition = sums()
    await using projector = createProjector(storage, [definition])
    await projector.start()
    const position = await pay(storage, '1', 100)
    await projector.waitFor(definition, position)
    expect(await documentsOf(storage, 'sums@1')).toEqual(await totals(storage))
    expect(await projector.view(definition).get('account-1')).toBe(134)
    expect((await projector.view(definition).list('account-', { limit: 2 })).map(({ value }) => value)).toEqual([30, 134])
  })

  it('handles the events of each stream in order, over many batches', async () => {
    const storage = await openStorage(kind)
    const seen = new Map<string, number[]>()
    for (let i = 0; i < 300; i++) await pay(storage, String(i % 7), i)
    const definition = projection(
      'order',
      { from: [Account], batch: 17, segments: 3 },
      {
        'account.paid': ({ stream, streamVersion }) => {
          seen.set(stream, [...(seen.get(stream) ?? []), streamVersion])
        },
      },
    )
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 300)
    expect([...seen.values()].flat()).toHaveLength(300)
    for (const versions of seen.values()) expect(versions).toEqual(versions.map((_, i) => i + 1))
  })

  it('goes on at its checkpoint after a restart', async () => {
    const storage = await openStorage(kind)
    const seen: number[] = []
    const definition = projection('once', { from: [Account] }, { 'account.paid': ({ data }) => void seen.push(data.amount) })
    for (const amount of [1, 2, 3]) {
      await using projector = createProjector(storage, [definition])
      await projector.start()
      await projector.waitFor(definition, await pay(storage, 'a', amount))
    }
    expect(seen).toEqual([1, 2, 3])
  })

  it('skips events that it has no handler for, and comes as far as the log', async () => {
    const storage = await openStorage(kind)
    const definition = sums()
    await using projector = createProjector(storage, [definition])
    await projector.start()
    const { position } = await storage.events.append('account-x', [Account.events.opened({ customer: 'c' })])
    await projector.waitFor(definition, position)
    expect(await documentsOf(storage, 'sums@1')).toEqual({})
  })
})

describe('a projection', () => {
  it('writes tables of its own version in the transaction of its checkpoint', async () => {
    const storage = await openStorage('sqlite')
    let failOnce = true
    const definition = projection(
      'table',
      {
        from: [Account],
        retry: { delay: 1 },
        setup: ({ sql, table }) => sql`create table ${table('sums')} (id text primary key, total integer)`,
      },
      {
        'account.paid': async (e, { sql, table }) => {
          await sql`insert into ${table('sums')} (id, total) values (${e.stream}, ${e.data.amount}) on conflict (id) do update set total = total + excluded.total`
          if (e.data.amount === 3 && failOnce) {
            failOnce = false
            throw new Error('after the write')
          }
        },
      },
    )
    await using projector = createProjector(storage, [definition])
    await projector.start()
    for (const amount of [1, 2, 3, 4]) await pay(storage, 'a', amount)
    await projector.waitFor(definition, 4)
    expect(failOnce).toBe(false)
    expect(await storage.sql`select total from sums_v1`).toEqual([{ total: 10 }])
    expect(await storage.sql`select total from ${projector.view(definition).table('sums')}`).toEqual([{ total: 10 }])
  })

  it('gives handlers the context of the event', async () => {
    const storage = memoryStorage()
    const seen: (Context | undefined)[] = []
    const definition = projection('context', { from: [Account] }, { 'account.paid': () => void seen.push(currentContext()) })
    const context: Context = {
      correlationId: 'c-1',
      causationId: 'k-1',
      trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1 },
      tenant: 't-1',
      actor: { id: 'u-1', kind: 'user' },
      deadline: undefined,
      signal: new AbortController().signal,
    }
    await runInContext(context, () => pay(storage, 'a', 1), undefined)
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 1)
    const [{ id } = { id: '' }] = await storage.events.read('account-a').toArray()
    expect(seen[0]).toMatchObject({
      correlationId: 'c-1',
      causationId: id,
      tenant: 't-1',
      actor: { id: 'u-1', kind: 'user' },
      trace: context.trace,
    })
  })

  it('gets data in the shape of the version that its definition has', async () => {
    const storage = memoryStorage()
    await storage.events.append('thing-1', [{ type: 'thing.named', data: 'old', version: 1 }])
    const schema = z.object({ name: z.string() })
    const Thing = aggregate('thing', {
      events: { named: event(schema, { version: 2, upcast: { 1: (name: string) => ({ name }) } }) },
      commands: {},
      initial: () => ({}),
    })
      .evolve({ named: (state) => state })
      .decide({})
    const seen: string[] = []
    const definition = projection('things', { from: [Thing] }, { 'thing.named': (e) => void seen.push(`${e.version} ${e.data.name}`) })
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 1)
    expect(seen).toEqual(['2 old'])
  })

  it('does things after the commit, and not for what happened before it was there', async () => {
    const storage = memoryStorage()
    const told: number[] = []
    await pay(storage, 'a', 1)
    const definition = projection(
      'after',
      { from: [Account] },
      {
        'account.paid': ({ data }, { afterCommit, replaying }) => {
          afterCommit(() => told.push(data.amount))
          expect(replaying).toBe(data.amount === 1)
        },
      },
    )
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, await pay(storage, 'a', 2))
    expect(told).toEqual([2])
    expect(await projector.deadLetters(definition)).toEqual([])
  })

  it('puts, deletes and lists documents within a batch', async () => {
    const storage = memoryStorage()
    const seen: unknown[] = []
    const definition = projection(
      'docs',
      { from: [Account] },
      {
        'account.paid': async ({ data, stream }, { documents }) => {
          if (data.amount === 0) documents.delete(stream)
          else documents.put(stream, data.amount)
          seen.push(
            (await documents.list()).map(({ value }) => value),
            await documents.get(stream),
          )
        },
      },
    )
    for (const amount of [1, 2, 0, 3]) await pay(storage, 'a', amount)
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 4)
    expect(seen).toEqual([[1], 1, [2], 2, [], undefined, [3], 3])
    expect(await documentsOf(storage, 'docs@1')).toEqual({ 'account-a': 3 })
  })

  it('is woken by each append, and waits for no time to pass', async () => {
    const storage = memoryStorage()
    const definition = sums()
    const projector = createProjector(storage, [definition], { clock: fakeClock() })
    await projector.start()
    for (let i = 0; i < 20; i++) await projector.waitFor(definition, await pay(storage, 'a', 1))
    expect(await documentsOf(storage, 'sums@1')).toEqual({ 'account-a': 20 })
    await projector.stop()
  })

  it('refuses what it cannot work with', () => {
    const make = (name: string, options: Partial<Parameters<typeof projection>[1]>, handlers = {}): Projection =>
      projection(name, { from: [Account], ...options }, handlers)
    expect(() => make('a b', {})).toThrow('wanted 1 to 80 letters')
    expect(() => make('a', { version: 0 })).toThrow('the version 0')
    expect(() => make('a', { segments: 0 })).toThrow('segments 0')
    expect(() => make('a', {}, { 'account.gone': () => 1 })).toThrow('account.gone')
    const storage = memoryStorage()
    onTestFinished(() => storage.close())
    expect(() => createProjector(storage, [make('a', {}), make('a', {})])).toThrow('two definitions called a')
  })
})
