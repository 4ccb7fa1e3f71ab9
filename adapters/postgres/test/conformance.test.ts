import { afterAll, beforeAll, it } from 'vitest'
import { runStorageCase, storageConformance } from 'tutti/testing'
import { postgres } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

describeWithServer('PostgreSQL storage', () => {
  const schema = ownSchema()

  beforeAll(async () => {
    const storage = await testStorage(schema)
    await storage.close()
  })

  afterAll(() => dropSchema(schema))

  for (const one of storageConformance) {
    it(one.name, async ({ skip }) => {
      const reason = await runStorageCase(one, () => postgres({ url, schema }))
      if (reason !== undefined) skip(reason)
    })
  }
})
