import { afterAll, beforeAll, expect, it } from 'vitest'
import { tortureStorage } from 'tutti/testing'
import { mysql } from '../src/index.ts'
import { describeWithServer, dropDatabase, onServer, ownDatabase, testStorage, url } from './test-storage.ts'

describeWithServer('MySQL storage under load', () => {
  let database: string

  beforeAll(async () => {
    database = await ownDatabase()
    await using _storage = await testStorage(database)
  })

  afterAll(() => dropDatabase(database))

  it('never skips and never inverts, with three storages at once', async () => {
    const report = await tortureStorage(() => mysql({ url, database, lanes: 2, pool: { max: 14 } }), { storages: 3, seconds: 4 })
    expect(report.events).toBeGreaterThan(100)
    expect(report.rolledBack).toBeGreaterThan(0)
    // Nothing is left behind that would hold readers back.
    expect(await onServer(`select * from ${database}.tutti_floors`)).toEqual([])
  })

  it('never skips and never inverts while connections are killed', async () => {
    // The last connections are left alone: readers come to the end once the floors of those that were killed are gone.
    const until = performance.now() + 2500
    let killed = 0
    const killing = (async () => {
      while (performance.now() < until) {
        const others = `select id from information_schema.processlist where db = '${database}' and id <> connection_id() order by rand() limit 3`
        for (const { id } of await onServer(others)) {
          await onServer(`kill ${Number(id)}`).then(
            () => killed++,
            () => undefined,
          )
        }
      }
    })()
    const report = await tortureStorage(() => mysql({ url, database, pool: { max: 14 } }), {
      storages: 2,
      seconds: 5,
      faults: true,
    })
    await killing
    expect(report.events).toBeGreaterThan(50)
    expect(killed).toBeGreaterThan(10)
  })
})
