import { afterEach, expect, it } from 'vitest'
import { postgres } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

describeWithServer('The schema on PostgreSQL', () => {
  const schemas: string[] = []
  const fresh = (): string => {
    const schema = ownSchema()
    schemas.push(schema)
    return schema
  }
  afterEach(async () => {
    for (const schema of schemas.splice(0)) await dropSchema(schema)
  })

  it('is made once, however many migrate at the same time', async () => {
    const schema = fresh()
    const storages = Array.from({ length: 8 }, () => postgres({ url, schema }))
    const reports = await Promise.all(storages.map((storage) => storage.migrate()))
    expect(reports.filter(({ steps }) => steps.length > 0)).toHaveLength(1)
    await Promise.all(storages.map((storage, i) => storage.events.append(`s-${i}`, [{ type: 'x', data: i }])))
    await expect(storages[0]?.events.head()).resolves.toBe(8)
    await Promise.all(storages.map((storage) => storage.close()))
  })

  it('is only described by a dry run', async () => {
    const storage = postgres({ url, schema: fresh() })
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
    await storage.close()
  })

  it('of a newer program is left alone', async () => {
    const schema = fresh()
    const storage = await testStorage(schema)
    await storage.sql`insert into ${storage.sql.id(schema, 'migrations')} (version, name) values (99, 'from the future')`
    await expect(storage.migrate()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_SCHEMA', message: expect.stringContaining('99') })
    await storage.close()
  })

  it('keeps applications in one database apart', async () => {
    const [one, other] = [await testStorage(fresh()), await testStorage(fresh())]
    await one.events.append('s', [{ type: 'x', data: 1 }], { expected: 'none' })
    await one.transaction(async (tx) => {
      await tx.events.append('s', [{ type: 'x', data: 2 }])
      // The transaction of the one does not hold back readers of the other.
      await other.events.append('s', [{ type: 'x', data: 3 }], { expected: 'none' })
      await expect(other.events.page()).resolves.toMatchObject({ position: 1, events: [{ data: 3 }] })
    })
    await Promise.all([one.close(), other.close()])
  })

  it.for([
    { schema: 'a"; drop table x' },
    { schema: 'Upper' },
    { lanes: 0 },
    { partitionSize: 0 },
    { pool: { max: 0 } },
    { url: 'mysql://u:geheim@h/d' },
  ])('refuses %o', (options) => {
    expect(() => postgres(options)).toThrow(
      expect.objectContaining({ code: 'TUTTI_OPTION_INVALID', message: expect.not.stringContaining('geheim') }),
    )
  })
})
