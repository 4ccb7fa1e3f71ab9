import { randomInt } from 'node:crypto'
import { aggregate, event } from 'tutti'
import { createProjector, projection } from 'tutti/projections'
import type { SqlDatabase } from 'tutti/storage'
import { fakeClock } from 'tutti/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as z from 'zod'
import type { PostgresStorage } from '../src/index.ts'
import { countingProxy } from './counting-proxy.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

const Meter = aggregate('meter', {
  events: { read: event(z.object({ value: z.int() })) },
  commands: {},
  initial: () => ({}),
})
  .evolve({ read: (state) => state })
  .decide({})

const reads = (count: number) => Array.from({ length: count }, (_, value) => Meter.events.read({ value }))

describeWithServer('Batches of statements on PostgreSQL', () => {
  const schema = ownSchema()
  let storage: PostgresStorage

  beforeAll(async () => {
    storage = await testStorage(schema)
    await storage.sql`create table ${storage.sql.id(schema, 'notes')} (id bigint primary key, label text)`
  })

  afterAll(async () => {
    await storage.close()
    await dropSchema(schema)
  })

  const notes = () => storage.sql.id(schema, 'notes')
  const insertBy = (sql: SqlDatabase, id: number) => sql`insert into ${notes()} (id) values (${id})`
  const insert = (id: number) => insertBy(storage.sql, id)
  const count = async () => Number((await storage.sql`select count(*) as n from ${notes()}`)[0]?.['n'])

  it('share a round trip, in a batch and between the events of a projection', async () => {
    await using proxy = await countingProxy(url)
    await using through = await testStorage(schema, { url: proxy.url, wakeUps: false })
    const { sql } = through
    await through.ping()
    const before = proxy.roundTrips
    await sql.batch(Array.from({ length: 900 }, (_, id) => sql`insert into ${notes()} (id, label) values (${id}, ${'x'})`))
    expect(proxy.roundTrips - before).toBe(1)
    await through.transaction(async (tx) => {
      await tx.sql.batch([tx.sql`delete from ${notes()} where id < ${5}`, insertBy(tx.sql, 1), insertBy(tx.sql, 2)])
      await tx.sql.batch([insertBy(tx.sql, 3), insertBy(tx.sql, 4), insertBy(tx.sql, 0)])
    })
    // The beginning, both batches, and the commit.
    expect(proxy.roundTrips - before).toBe(5)
    expect(await count()).toBe(900)
    await sql`delete from ${notes()}`
    const { position } = await storage.events.append('meter-a', reads(500))
    const definition = projection(
      'trips',
      { from: [Meter], segments: 1 },
      { 'meter.read': ({ data }, ctx) => insertBy(ctx.sql, data.value) },
    )
    await using projector = createProjector(through, [definition])
    const asleep = proxy.roundTrips
    await projector.start()
    await projector.waitFor(definition, position, { timeout: '60s' })
    expect(proxy.roundTrips - asleep).toBeLessThan(250)
    expect(await count()).toBe(500)
    await sql`delete from ${notes()}`
  })

  it('give what statements give that run alone, whatever the type', async () => {
    const { sql } = storage
    const text = `select 1::bigint as small, 9007199254740993::bigint as large, 1.50::numeric as price, null as nothing, true as yes,
      '2026-02-03T04:05:06.789Z'::timestamptz as at, '{"a":[1]}'::jsonb as doc, array[1, 2] as list, '\\x00ff'::bytea as data, 'x' as "__proto__",
      1 as twice, 2 as twice`
    const alone = await sql.query(text)
    const [first, empty, second] = await sql.batch([sql`${sql.raw(text)}`, sql`select 1 as one where false`, sql`${sql.raw(text)}`])
    expect([first, second]).toEqual([alone, alone])
    expect(first.rows[0]).toMatchObject({ small: 1, large: 9007199254740993n, twice: 2 })
    expect(Object.keys(first.rows[0] ?? {})).toContain('__proto__')
    expect(empty).toEqual({ rows: [], changes: 0 })
    const [nothing] = await sql.batch([sql`${sql.raw('')}`, sql`select 1`])
    expect(nothing).toEqual({ rows: [], changes: 0 })
  })

  it('tell of a value that cannot be sent, with what was to run before it', async () => {
    const { sql } = storage
    const circle: { self?: unknown } = {}
    circle.self = circle
    const refused = sql.batch([insert(1), sql`insert into ${notes()} (label) values (${circle})`, insert(2)])
    await expect(refused).rejects.toMatchObject({ code: 'TUTTI_SQL_BATCH_FAILED', index: 1, cause: { code: 'TUTTI_OPTION_INVALID' } })
    await expect(sql`select ${circle}`.run()).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    expect(await count()).toBe(0)
  })

  it('write nothing where the connection is lost, and the next one has a connection of its own', async () => {
    const { sql } = storage
    const lost = sql.batch([insert(1), sql`select pg_terminate_backend(pg_backend_pid())`, insert(2)])
    await expect(lost).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', status: 503, details: { outcome: 'unknown' } })
    const within = storage.transaction(() => sql.batch([insert(1), sql`select pg_terminate_backend(pg_backend_pid())`, insert(2)]))
    await expect(within).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', status: 503, details: { outcome: 'none' } })
    const copied = sql.batch([insert(1), sql`copy ${notes()} from stdin`])
    await expect(copied).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE' })
    expect(await count()).toBe(0)
    await sql.batch([insert(1), insert(2)])
    expect(await count()).toBe(2)
    await sql`delete from ${notes()}`
  })

  it('are refused where the commit fails, or where they begin or end transactions', async () => {
    const { sql } = storage
    const pairs = sql.id(schema, 'pairs')
    await sql`create table ${pairs} (id integer primary key, other integer references ${pairs} (id) deferrable initially deferred)`
    const pair = (id: number, other: number) => sql`insert into ${pairs} (id, other) values (${id}, ${other})`
    await sql.batch([pair(1, 2), pair(2, 1)])
    await expect(sql.batch([pair(3, 4), pair(5, 6)])).rejects.toMatchObject({ code: '23503' })
    expect(await sql`select id from ${pairs}`).toHaveLength(2)
    for (const text of ['begin', '/* so */ COMMIT', 'rollback', 'savepoint x', 'start transaction', 'end', 'abort']) {
      const refused = { code: 'TUTTI_OPTION_INVALID' }
      await expect(sql.query(text), text).rejects.toMatchObject(refused)
      await expect(
        storage.transaction((tx) => tx.sql.query(text)),
        text,
      ).rejects.toMatchObject(refused)
      await expect(sql.batch([insert(1), sql`${sql.raw(text)}`])).rejects.toMatchObject({ index: 1, cause: refused })
    }
    await expect(sql.query(`insert into ${schema}.notes values (1); select 1`)).rejects.toThrow('multiple commands')
    expect(await count()).toBe(0)
  })

  it('are given up where they take too long together', async () => {
    await using impatient = await testStorage(schema, { statementTimeout: '1s', wakeUps: false })
    const { sql } = impatient
    // It holds no locks: the server goes on with it for a while.
    const hanging = sql.batch([sql`select 1`, sql`select pg_sleep(10)`, sql`select 2`])
    await expect(hanging).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE' })
    await impatient.ping()
  })

  it('of several events are run one by one where they take too long, so that the right event is to blame', async () => {
    const clock = fakeClock()
    const key = randomInt(2 ** 31 - 1)
    const attempts: string[] = []
    const { position } = await storage.events.append('meter-b', reads(6))
    const definition = projection(
      'locked',
      { from: [Meter], timeout: '2s', segments: 1, retry: { attempts: 1 } },
      {
        'meter.read': ({ stream, data: { value } }, { sql, attempt }) => {
          if (stream !== 'meter-b') return undefined
          attempts.push(`${value}:${attempt}`)
          return value === 3 ? sql`select pg_advisory_xact_lock(${key})` : insertBy(sql, value)
        },
      },
    )
    const lock = async (taken: () => void, until: Promise<void>): Promise<void> =>
      storage.transaction(async ({ sql }) => {
        await sql`select pg_advisory_xact_lock(${key})`
        taken()
        await until
      })
    const waiting = async (): Promise<number> =>
      (await storage.sql`select 1 from pg_locks where locktype = 'advisory' and objid = ${key} and not granted`).length
    const [taken, first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const holders = [lock(taken.resolve, first.promise)]
    await taken.promise
    await using projector = createProjector(storage, [definition], { clock })
    await projector.start()
    await expect.poll(waiting, { timeout: 30_000 }).toBe(1)
    // Somebody else takes the lock right behind the batch.
    holders.push(lock(() => undefined, second.promise))
    await expect.poll(waiting, { timeout: 30_000 }).toBe(2)
    await clock.advance('3s')
    first.resolve()
    await expect.poll(async () => attempts.length > 6 && (await waiting()) === 1, { timeout: 30_000 }).toBe(true)
    await clock.advance('3s')
    second.resolve()
    await projector.waitFor(definition, position)
    await Promise.all(holders)
    expect(attempts.join(' ')).toBe('0:1 1:1 2:1 3:1 4:1 5:1 0:1 1:1 2:1 3:1 0:1 1:1 2:1')
    expect(await count()).toBe(3)
    expect((await projector.deadLetters(definition)).map(({ streamVersion, error }) => [streamVersion, error.code])).toEqual([
      [4, 'TUTTI_TIMEOUT'],
    ])
    await storage.sql`delete from ${notes()}`
  })

  it('of several events blame nobody where the connection is lost', async () => {
    const attempts: number[] = []
    const { position } = await storage.events.append('meter-c', reads(4))
    const definition = projection(
      'cut',
      { from: [Meter], segments: 1, retry: { attempts: 1 } },
      {
        'meter.read': ({ stream, data: { value } }, { sql, attempt }) => {
          if (stream !== 'meter-c') return undefined
          attempts.push(attempt)
          return value === 2 && attempts.length === 3 ? sql`select pg_terminate_backend(pg_backend_pid())` : insertBy(sql, value)
        },
      },
    )
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, position, { timeout: '60s' })
    expect(attempts).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
    expect(await count()).toBe(4)
    expect(await projector.deadLetters(definition)).toEqual([])
    await storage.sql`delete from ${notes()}`
  })
})
