import { describe, expect, it } from 'vitest'
import { sqliteStorage } from '../../src/storage/index.ts'

const refused = { code: 'TUTTI_OPTION_INVALID' }

describe('SQL on SQLite', () => {
  it('gives values back as they can be: dates as text, booleans as 0 and 1, large integers as bigints', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    const { sql } = storage
    await sql`create table t (a, b, c, d, e, f)`
    const values = [new Date(0), true, 2n ** 60n, new Uint8Array([1, 2]), null, 1.5]
    const inserted = await sql`insert into t values (${sql.list(values)}) returning *`.run()
    const row = { a: '1970-01-01T00:00:00.000Z', b: 1, c: 2n ** 60n, d: new Uint8Array([1, 2]), e: null, f: 1.5 }
    expect(inserted).toEqual({ rows: [row], changes: 1 })
    expect(await sql`select * from t`.run()).toEqual({ rows: [row], changes: 0 })
    expect(await sql`update t set b = ${0}`.run()).toMatchObject({ rows: [], changes: 1 })
    expect(await sql`select count(*) as n from t where b = ${false}`).toEqual([{ n: 1 }])
  })

  it('refuses what SQLite would store as something else', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    for (const value of [undefined, Number.NaN, 2n ** 63n, {}, [1], new Date('x'), Symbol('s')])
      await expect(storage.sql`select ${value}`.run()).rejects.toMatchObject(refused)
  })

  it('refuses to begin or end transactions, which are the storage’s', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    for (const text of ['begin', ' COMMIT', 'rollback to x', 'savepoint x', 'release x', 'end', '/* so */ commit', '-- so\nrollback'])
      await expect(
        storage.transaction((tx) => tx.sql.query(text)),
        text,
      ).rejects.toMatchObject(refused)
  })

  it('takes one statement at a time, of which the others would be lost', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    await storage.sql`create table t (a)`
    await expect(storage.sql`insert into t values (1); insert into t values (2)`.run()).rejects.toMatchObject(refused)
    await storage.sql`insert into t values ('a;b'); -- the end; of it`
    expect(await storage.sql`/* all */ select a from t;`).toEqual([{ a: 'a;b' }])
  })

  it('writes with a statement that looks as if it but read', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    await storage.sql`create table t (a)`
    await storage.sql`with one as (select 1 as a) insert into t select a from one`
    expect(await storage.sql`select a from t`).toEqual([{ a: 1 }])
  })

  it('reads what is committed beside a transaction, and what is not within it, by whatever handle', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    const { sql } = storage
    await sql`create table t (a)`
    const wrote = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const work = storage.transaction(async () => {
      await sql`insert into t values (1)`
      expect(await sql`select * from t`).toHaveLength(1)
      wrote.resolve()
      await go.promise
    })
    await wrote.promise
    expect(await sql`select * from t`).toHaveLength(0)
    go.resolve()
    await work
    expect(await sql`select * from t`).toHaveLength(1)
  })

  it('leaves nothing of a statement that fails', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    const { sql } = storage
    await sql`create table t (a unique)`
    await sql`insert into t values (1)`
    await expect(sql`insert into t values (2), (1)`.run()).rejects.toThrow(/UNIQUE/)
    expect(await sql`select a from t`).toEqual([{ a: 1 }])
    expect(await storage.events.append('a', [{ type: 'happened', data: {} }])).toMatchObject({ version: 1 })
  })
})
