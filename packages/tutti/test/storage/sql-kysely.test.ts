import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sqliteStorage } from '../../src/storage/index.ts'
import { kyselyFor, migrateDown, migrateUp, migrationStatus } from '../../src/storage/sql/kysely.ts'
import { temporaryFolder } from './temporary-folder.ts'

const inFolder = await temporaryFolder()

interface Tables {
  readonly orders: { readonly id: number; readonly total: number; readonly open: boolean }
}

async function withOrders(): Promise<ReturnType<typeof sqliteStorage>> {
  const storage = sqliteStorage({ path: ':memory:' })
  await storage.sql`create table orders (id integer primary key, total integer not null, open integer not null)`
  return storage
}

describe('Kysely on a storage', () => {
  it('reads and writes, and tells ids and counts', async () => {
    await using storage = await withOrders()
    const db = kyselyFor<Tables>(storage)
    const inserted = await db.insertInto('orders').values({ id: 7, total: 5, open: true }).executeTakeFirstOrThrow()
    expect(inserted).toMatchObject({ insertId: 7n, numInsertedOrUpdatedRows: 1n })
    expect((await db.updateTable('orders').set({ total: 6 }).executeTakeFirstOrThrow()).numUpdatedRows).toBe(1n)
    expect(await db.selectFrom('orders').selectAll().where('open', '=', true).execute()).toEqual([{ id: 7, total: 6, open: 1 }])
  })

  it('is part of the transaction around it, with events', async () => {
    await using storage = await withOrders()
    const db = kyselyFor<Tables>(storage)
    const failing = storage.transaction(async (tx) => {
      await db.insertInto('orders').values({ id: 1, total: 5, open: true }).execute()
      await kyselyFor<Tables>(tx).insertInto('orders').values({ id: 2, total: 5, open: true }).execute()
      await tx.events.append('order-1', [{ type: 'placed', data: {} }])
      expect(await db.selectFrom('orders').selectAll().execute()).toHaveLength(2)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await db.selectFrom('orders').selectAll().execute()).toEqual([])
    expect(await storage.events.head()).toBe(0)
  })

  it('begins transactions of its own, which commit or roll back, within another one as well', async () => {
    await using storage = await withOrders()
    const db = kyselyFor<Tables>(storage)
    const insert = (id: number, fails: boolean): Promise<void> =>
      db.transaction().execute(async (trx) => {
        await trx.insertInto('orders').values({ id, total: 1, open: false }).execute()
        if (fails) throw new Error('no')
      })
    await insert(1, false)
    await expect(insert(2, true)).rejects.toThrow('no')
    await storage.transaction(async () => {
      await insert(3, false)
      await expect(insert(4, true)).rejects.toThrow('no')
    })
    expect((await db.selectFrom('orders').select('id').orderBy('id').execute()).map(({ id }) => id)).toEqual([1, 3])
  })
})

describe('migrations in a folder', () => {
  const up = (table: string): string =>
    `export const up = (db) => db.schema.createTable('${table}').addColumn('id', 'integer').execute()\nexport const down = (db) => db.schema.dropTable('${table}').execute()\n`

  it('are done in their order, undone one by one, and told of', async () => {
    const folder = inFolder('migrations')
    mkdirSync(folder)
    writeFileSync(join(folder, '002-lines.mjs'), up('lines'))
    writeFileSync(join(folder, '001-orders.mjs'), up('orders'))
    writeFileSync(join(folder, 'notes.md'), 'not a migration')
    await using storage = sqliteStorage({ path: inFolder('migrated.db') })
    expect(await migrationStatus(storage, { folder })).toEqual([
      { name: '001-orders', doneAt: undefined },
      { name: '002-lines', doneAt: undefined },
    ])
    const both = await Promise.all([migrateUp(storage, { folder }), migrateUp(storage, { folder })])
    expect(both.toSorted((a, b) => b.length - a.length)).toEqual([['001-orders', '002-lines'], []])
    expect(await storage.sql`select * from lines`).toEqual([])
    expect((await migrationStatus(storage, { folder })).map(({ doneAt }) => doneAt instanceof Date)).toEqual([true, true])
    expect(await migrateDown(storage, { folder })).toEqual(['002-lines'])
    await expect(storage.sql`select * from lines`.run()).rejects.toThrow(/no such table/)
    expect(await migrateUp(storage, { folder })).toEqual(['002-lines'])
  })

  it('that fail leave nothing, and are named', async () => {
    const folder = inFolder('failing')
    mkdirSync(folder)
    writeFileSync(join(folder, '001-good.mjs'), up('good'))
    writeFileSync(join(folder, '002-bad.mjs'), `export const up = () => Promise.reject(new Error('bad luck'))`)
    await using storage = sqliteStorage({ path: ':memory:' })
    await expect(migrateUp(storage, { folder })).rejects.toMatchObject({
      code: 'TUTTI_MIGRATION_FAILED',
      message: expect.stringContaining('002-bad'),
      details: { migration: '002-bad' },
    })
    await expect(storage.sql`select * from good`.run()).rejects.toThrow(/no such table/)
  })

  it('need a folder, and functions in it', async () => {
    const folder = inFolder('empty')
    await using storage = sqliteStorage({ path: ':memory:' })
    await expect(migrateUp(storage, { folder })).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    mkdirSync(folder)
    expect(await migrateUp(storage, { folder })).toEqual([])
    writeFileSync(join(folder, '001-none.mjs'), 'export const upwards = 1')
    await expect(migrateUp(storage, { folder })).rejects.toThrow(/exports no function up/)
  })
})
