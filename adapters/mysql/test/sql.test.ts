import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MysqlStorage } from '../src/index.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage } from './test-storage.ts'

const event = { type: 'x', data: 1 }

describeWithServer('SQL on MySQL', () => {
  let database: string
  let storage: MysqlStorage

  beforeAll(async () => {
    database = await ownDatabase()
    storage = await testStorage(database, { pool: { max: 2 } })
    await storage.sql`create table notes (id bigint primary key, label varchar(100), data blob, at datetime(3), price decimal(20, 2))`
    await storage.sql`create procedure commits() commit`
  })

  afterAll(async () => {
    await storage.close()
    await dropDatabase(database)
  })

  it('keeps values apart from the text, and gives them back', async () => {
    const { sql } = storage
    const label = `'); drop table notes; -- \\' ${'"'} \u0000 🎻`
    const at = new Date('2026-02-03T04:05:06.789Z')
    const bytes = new Uint8Array([0, 255, 39, 92])
    const result = await sql`insert into notes values (${9_007_199_254_740_993n}, ${label}, ${bytes}, ${at}, ${'12.50'})`.run()
    expect(result.changes).toBe(1)
    const [row] = await sql`select * from notes where label = ${label} limit ${1}`
    expect(row).toEqual({ id: '9007199254740993', label, data: Buffer.from(bytes), at, price: '12.50' })
    await sql`update notes set label = ${undefined}`
    expect(await sql`select id from notes where label is null and id in (${sql.list([1, 9_007_199_254_740_993n])})`).toHaveLength(1)
  })

  it('runs one statement only', async () => {
    await expect(storage.sql.query('select 1; drop table notes')).rejects.toThrow('SQL syntax')
    expect(await storage.sql`select count(*) as count from notes`).toHaveLength(1)
  })

  it('refuses within a transaction what would commit it', async () => {
    for (const text of ['create table other (id int)', ' COMMIT', 'truncate table notes', 'begin', 'drop table notes']) {
      const outcome = storage.transaction(async (tx) => {
        await tx.events.append('ddl', [event])
        await tx.sql.query(text)
      })
      await expect(outcome).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    }
    await storage.transaction(async ({ sql }) => {
      await sql`create temporary table mine (id int)`
      await sql`insert into mine values (1)`
      expect(await sql`select * from mine`).toEqual([{ id: 1 }])
      await sql`drop temporary table mine`
    })
    expect(await storage.events.info('ddl')).toBeUndefined()
  })

  it('notices a transaction that a statement has ended', async () => {
    const outcome = storage.transaction(async (tx) => {
      await tx.sql`call commits()`
      await tx.events.append('after', [event])
    })
    await expect(outcome).rejects.toMatchObject({ code: 'TUTTI_TRANSACTION_FAILED', details: { outcome: 'unknown' } })
    expect(await storage.events.info('after')).toBeUndefined()
  })

  it('sends nothing more after a deadlock, which has rolled everything back', async () => {
    await storage.sql`insert into notes (id) values (1), (2)`
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const run = (first: number, second: number) =>
      storage.transaction(async (tx) => {
        await tx.events.append(`deadlock-${first}`, [event])
        await tx.sql`update notes set label = 'x' where id = ${first}`
        both[first - 1]?.resolve()
        await Promise.all(both.map(({ promise }) => promise))
        // Whoever hides the error must not go on outside of the transaction.
        await tx.sql`update notes set label = 'x' where id = ${second}`.run().catch(() => undefined)
        await tx.events.append(`deadlock-${first}`, [event])
      })
    const ends = await Promise.allSettled([run(1, 2), run(2, 1)])
    const failed = ends.flatMap((end, i) =>
      end.status === 'rejected' ? [{ reason: end.reason as unknown, stream: `deadlock-${i + 1}` }] : [],
    )
    expect(failed).toHaveLength(1)
    expect(failed[0]?.reason).toMatchObject({ code: 'TUTTI_STORAGE_CONTENTION', status: 503 })
    expect(await storage.events.info(failed[0]?.stream ?? '')).toBeUndefined()
  })

  it('waits for a free connection no longer than it may, and transactions can commit whatever the pool holds', async () => {
    await using storage = await testStorage(database, { pool: { max: 2, connectTimeout: '3s' } })
    const go = Promise.withResolvers<void>()
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const open = begun.map((one, i) =>
      storage.transaction(async (tx) => {
        await tx.sql`select 1`
        one.resolve()
        await go.promise
        await tx.events.append(`full-${i}`, [event])
      }),
    )
    await Promise.all(begun.map(({ promise }) => promise))
    expect(storage.pool).toEqual({ max: 2, inUse: 2, waiting: 0 })
    await expect(storage.ping()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', message: expect.stringContaining('in use') })
    await storage.events.append('beside', [event])
    go.resolve()
    await Promise.all(open)
    expect((await storage.events.info('full-1'))?.version).toBe(1)
    await storage.ping()
  })

  it('replaces connections that are older than they may be', async () => {
    const ids = new Set<unknown>()
    await using short = await testStorage(database, { pool: { max: 1, maxLifetime: 1 } })
    for (let i = 0; i < 3; i++) {
      for (const { id } of await short.sql`select connection_id() as id`) ids.add(id)
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
    expect(ids.size).toBe(3)
  })
})
