import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PostgresStorage } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage } from './test-storage.ts'

describeWithServer('Partitions of the events', () => {
  const schema = ownSchema()
  let storage: PostgresStorage
  const names = async (): Promise<string[]> => {
    const rows = await storage.sql<{ name: string }>`
      select relname as name from pg_inherits join pg_class on oid = inhrelid where inhparent = ${`${schema}.events`}::regclass order by 1`
    return rows.map(({ name }) => name)
  }

  beforeAll(async () => {
    storage = await testStorage(schema, { partitionSize: 10 })
  })

  afterAll(async () => {
    await storage.close()
    await dropSchema(schema)
  })

  it('are made as positions come, before they are needed', async () => {
    expect(await names()).toEqual(['events_0', 'events_1', 'events_2'])
    for (let i = 1; i <= 12; i++) await storage.events.append('early', [{ type: 'x', data: i }])
    await storage.ensurePartitions()
    expect(await names()).toEqual(['events_0', 'events_1', 'events_2', 'events_3'])
  })

  it('are made by the writer that finds none', async () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ type: 'x', data: i }))
    await expect(storage.events.append('large', many)).resolves.toMatchObject({ version: 100 })
    expect(await storage.events.read('large').toArray()).toHaveLength(100)
  })

  it('do not block writers while they are made', async () => {
    await storage.transaction(async (tx) => {
      await tx.events.append('open', [{ type: 'x', data: 1 }])
      await storage.sql.query(`select "${schema}".create_partition(1000)`)
    })
    expect(await names()).toContain('events_1000')
  })

  it('are dropped for retention, and streams then begin behind them', async () => {
    const { position } = await storage.events.append('early', [{ type: 'x', data: 'kept' }])
    const below = Math.floor(position / 10) * 10
    const before = await names()
    const dropped = await storage.dropPartitions(below + 5)
    expect(dropped).toBeGreaterThan(10)
    expect(await names()).toHaveLength(before.length - dropped)
    const kept = await storage.events.read('early').toArray()
    expect(kept.map(({ streamVersion }) => streamVersion)).toEqual([13])
    await expect(storage.events.info('early')).resolves.toMatchObject({ version: 13, first: 13 })
    await expect(storage.events.info('large')).resolves.toMatchObject({ version: 100 })
    await expect(storage.events.append('large', [{ type: 'x', data: 1 }], { expected: 100 })).resolves.toMatchObject({ version: 101 })
    await expect(storage.dropPartitions(-1)).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
  })
})
