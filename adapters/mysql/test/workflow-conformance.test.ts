import { afterAll, beforeAll, it } from 'vitest'
import { runStorageCase, workflowConformance } from 'tutti/testing'
import { mysql } from '../src/index.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage, url } from './test-storage.ts'

describeWithServer('Workflows on MySQL', () => {
  let database: string

  beforeAll(async () => {
    database = await ownDatabase()
    await using _storage = await testStorage(database)
  })

  afterAll(() => dropDatabase(database))

  for (const one of workflowConformance) {
    it(one.name, { timeout: 60_000 }, async ({ skip }) => {
      const reason = await runStorageCase(one, () => mysql({ url, database }))
      if (reason !== undefined) skip(reason)
    })
  }
})
