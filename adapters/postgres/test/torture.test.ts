import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tortureStorage } from 'tutti/testing'
import { postgres, type PostgresStorage } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

describeWithServer('PostgreSQL under torture', () => {
  const schema = ownSchema()
  let storage: PostgresStorage

  beforeAll(async () => {
    // Small partitions, so that writers cross from one to the next all the time.
    storage = await testStorage(schema, { partitionSize: 500 })
  })

  afterAll(async () => {
    await storage.close()
    await dropSchema(schema)
  })

  it.for([1, 3])('skips nothing and inverts nothing through %i storages', async (storages) => {
    const open = () => postgres({ url, schema, partitionSize: 500, pool: { max: 12 } })
    const { events, rolledBack } = await tortureStorage(open, { seconds: 3, writers: 24, storages })
    expect(events).toBeGreaterThan(100)
    expect(rolledBack).toBeGreaterThan(5)
  })

  it('keeps every acknowledged append, and whole units alone, while connections are killed', async () => {
    const victim = postgres({ url: `${url}?application_name=${schema}`, schema, partitionSize: 500 })
    const acknowledged: string[] = []
    let unknown = 0
    let working = true
    const writers = Array.from({ length: 12 }, async (_, writer) => {
      for (let i = 0; working; i++) {
        const stream = `kill-${writer}-${i}`
        try {
          await victim.events.append(stream, [
            { type: 'first', data: i },
            { type: 'second', data: i },
          ])
          acknowledged.push(stream)
        } catch (error) {
          expect(error).toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', status: 503 })
          unknown++
        }
      }
    })
    const kill = async (): Promise<number> =>
      (
        await storage.sql<{ killed: boolean }>`
          select pg_terminate_backend(pid) as killed from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and query like ${`%"${schema}".%`}`
      ).length
    let killed = 0
    for (let round = 0; round < 25; round++) {
      await sleep(20)
      killed += await kill()
    }
    working = false
    await Promise.all(writers)
    expect(killed).toBeGreaterThan(5)
    expect(unknown).toBeGreaterThan(0)
    const there = new Map<string, number>()
    for await (const { stream } of storage.events.readAll({ streams: ['kill-'] })) there.set(stream, (there.get(stream) ?? 0) + 1)
    expect(acknowledged.filter((stream) => there.get(stream) !== 2)).toEqual([])
    expect([...there.values()].filter((count) => count !== 2)).toEqual([])
    await victim.close()
  })
})
