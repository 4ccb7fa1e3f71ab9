import { afterAll, beforeAll, it } from 'vitest'
import { brokerConformance, runBrokerCase } from 'tutti/testing'
import { postgresBroker } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, url } from './test-storage.ts'

describeWithServer('PostgreSQL broker', () => {
  const schema = ownSchema()

  beforeAll(async () => {
    await using broker = postgresBroker({ url, schema })
    await broker.migrate()
  })

  afterAll(() => dropSchema(schema))

  for (const one of brokerConformance) {
    it(one.name, async ({ skip }) => {
      const reason = await runBrokerCase(one, () => postgresBroker({ url, schema }))
      if (reason !== undefined) skip(reason)
    })
  }
})
