import { randomBytes } from 'node:crypto'
import { createProjector, projection } from 'tutti/projections'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithServer, dropSchema, ownSchema, testStorage } from './test-storage.ts'

describeWithServer('tables of a projection that several processes begin at once', () => {
  const schema = ownSchema()
  const name = `payments_${randomBytes(6).toString('hex')}`
  const definition = projection(
    'payments',
    { from: [], setup: ({ sql, table }) => sql`create table ${table(name)} (amount integer not null)` },
    {},
  )

  beforeAll(async () => {
    await using storage = await testStorage(schema)
    await storage.ping()
  })

  afterAll(async () => {
    await using storage = await testStorage(schema)
    await storage.sql`drop table ${storage.sql.id(`${name}_v1`)}`
    await dropSchema(schema)
  })

  it('are set up once', async () => {
    const storages = await Promise.all(Array.from({ length: 4 }, () => testStorage(schema)))
    const projectors = storages.map((storage) => createProjector(storage, [definition]))
    try {
      await Promise.all(projectors.map((projector) => projector.start()))
      expect(await projectors[0]?.status()).toMatchObject([{ name: 'payments', version: 1 }])
    } finally {
      await Promise.all(projectors.map((projector) => projector.stop()))
      await Promise.all(storages.map((storage) => storage.close()))
    }
  })
})
