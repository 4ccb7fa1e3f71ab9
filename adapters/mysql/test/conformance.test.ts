import { afterAll, beforeAll, it } from 'vitest'
import { runStorageCase, storageConformance } from 'tutti/testing'
import { mysql } from '../src/index.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage, url } from './test-storage.ts'

describeWithServer('MySQL storage', () => {
  let database: string

  beforeAll(async () => {
    database = await ownDatabase()
    await using _storage = await testStorage(database)
  })

  afterAll(() => dropDatabase(database))

  for (const one of storageConformance) {
    it(one.name, async ({ skip }) => {
      const reason = await runStorageCase(one, () => mysql({ url, database }))
      if (reason !== undefined) skip(reason)
    })
  }
})
