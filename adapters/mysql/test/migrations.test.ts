import { afterEach, expect, it } from 'vitest'
import { mysql } from '../src/index.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage, url } from './test-storage.ts'

describeWithServer('The tables on MySQL', () => {
  const databases: string[] = []
  const fresh = async (): Promise<string> => {
    const database = await ownDatabase()
    databases.push(database)
    return database
  }
  afterEach(async () => {
    for (const database of databases.splice(0)) await dropDatabase(database)
  })

  it('are made once, however many migrate at the same time', async () => {
    const database = await fresh()
    const storages = Array.from({ length: 8 }, () => mysql({ url, database }))
    const reports = await Promise.all(storages.map((storage) => storage.migrate()))
    expect(reports.filter(({ steps }) => steps.length > 0)).toHaveLength(1)
    await Promise.all(storages.map((storage, i) => storage.events.append(`s-${i}`, [{ type: 'x', data: i }])))
    await expect(storages[0]?.events.head()).resolves.toBe(8)
    await Promise.all(storages.map((storage) => storage.close()))
  })

  it('are only described by a dry run', async () => {
    await using storage = mysql({ url, database: await fresh() })
    await expect(storage.migrate({ dryRun: true })).resolves.toMatchObject({
      from: 0,
      to: 2,
      dryRun: true,
      steps: [{ version: 1 }, { version: 2 }],
    })
    await expect(storage.events.append('s', [{ type: 'x', data: 1 }])).rejects.toMatchObject({
      code: 'TUTTI_STORAGE_SCHEMA',
      message: expect.stringContaining('storage.migrate()'),
    })
    await expect(storage.events.read('s').toArray()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_SCHEMA' })
    const inTransaction = storage.transaction((tx) => tx.events.append('s', [{ type: 'x', data: 1 }]))
    await expect(inTransaction).rejects.toMatchObject({ code: 'TUTTI_STORAGE_SCHEMA' })
  })

  it('are taken up again where an earlier try broke off', async () => {
    const database = await fresh()
    await using storage = await testStorage(database)
    await storage.events.append('s', [{ type: 'x', data: 1 }])
    await storage.sql`delete from tutti_migrations`
    await storage.sql`drop table tutti_documents`
    await expect(storage.migrate()).resolves.toMatchObject({ from: 0, to: 2 })
    await storage.state.put('things/a', 1)
    expect((await storage.events.append('s', [{ type: 'x', data: 2 }])).position).toBe(2)
  })

  it('of a newer program are left alone', async () => {
    await using storage = await testStorage(await fresh())
    await storage.sql`insert into tutti_migrations (version, name) values (99, 'from the future')`
    await expect(storage.migrate()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_SCHEMA', message: expect.stringContaining('99') })
  })

  it('with another prefix are those of another storage', async () => {
    const database = await fresh()
    await using one = await testStorage(database, { tablePrefix: 'one_' })
    await using other = await testStorage(database, { tablePrefix: 'other_' })
    await one.events.append('s', [{ type: 'x', data: 1 }], { expected: 'none' })
    await one.transaction(async (tx) => {
      await tx.events.append('s', [{ type: 'x', data: 2 }])
      // The transaction of the one does not hold back readers of the other. Outside of the transaction around this.
      await other.events.append('s', [{ type: 'x', data: 3 }], { expected: 'none' })
      await expect(other.events.page()).resolves.toMatchObject({ position: 1, events: [{ data: 3 }] })
    })
  })
})
