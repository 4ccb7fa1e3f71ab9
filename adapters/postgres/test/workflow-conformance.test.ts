import { afterAll, beforeAll, it } from 'vitest'
import { runStorageCase, workflowConformance } from 'tutti/testing'
import { postgres } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

describeWithServer('Workflows on PostgreSQL', () => {
  const schema = ownSchema()

  beforeAll(async () => {
    const storage = await testStorage(schema)
    await storage.close()
  })

  afterAll(() => dropSchema(schema))

  for (const one of workflowConformance) {
    it(one.name, { timeout: 60_000 }, async ({ skip }) => {
      const reason = await runStorageCase(one, () => postgres({ url, schema }))
      if (reason !== undefined) skip(reason)
    })
  }
})
