import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PostgresStorage } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage } from './test-storage.ts'

describeWithServer('A transaction that holds a stream for long', () => {
  const schema = ownSchema()
  let storage: PostgresStorage
  // Calls on the same storage would join the transaction.
  let other: PostgresStorage

  beforeAll(async () => {
    storage = await testStorage(schema)
    other = await testStorage(schema)
  })

  afterAll(async () => {
    await Promise.all([storage.close(), other.close()])
    await dropSchema(schema)
  })

  it.for(['there already', 'created by it'])('stalls only writers to that stream, %s', async (which) => {
    const hot = `hot ${which}`
    if (which === 'there already') await storage.events.append(hot, [{ type: 'x', data: 0 }])
    const waiting: Promise<{ readonly version: number }>[] = []
    let done = 0
    await storage.transaction(async (tx) => {
      const { version } = await tx.events.append(hot, [{ type: 'x', data: 'tx' }])
      for (let i = 0; i < 40; i++) waiting.push(other.events.append(hot, [{ type: 'x', data: i }]).finally(() => done++))
      // Many rounds, each of which would be stuck behind the locked stream if writers shared its fate.
      for (let round = 0; round < 20; round++)
        await Promise.all([1, 2, 3].map((i) => other.events.append(`free ${which} ${i}`, [{ type: 'x', data: round }])))
      expect(done).toBe(0)
      expect(version).toBe(which === 'there already' ? 2 : 1)
    })
    const versions = (await Promise.all(waiting)).map(({ version }) => version)
    const first = which === 'there already' ? 3 : 2
    expect(versions).toEqual(versions.map((_, i) => first + i))
    const order = (await storage.events.read(hot, { from: first }).toArray()).map(({ data }) => data)
    expect(order).toEqual(order.map((_, i) => i))
  })

  it('does not stall claims that were made together with a write to it', async () => {
    await storage.state.put('jobs/1', 'first', { due: 1 })
    const waiting = await storage.transaction(async (tx) => {
      await tx.events.append('held', [{ type: 'x', data: 1 }])
      const append = other.events.append('held', [{ type: 'x', data: 2 }])
      const [claimed, free] = await Promise.all([
        other.state.claim('jobs', { owner: 'me', lease: '1m', now: 5 }),
        other.events.append('not held', [{ type: 'x', data: 1 }]),
      ])
      expect(claimed.map(({ key }) => key)).toEqual(['jobs/1'])
      expect(free.version).toBe(1)
      return { append }
    })
    await expect(waiting.append).resolves.toMatchObject({ version: 2 })
  })

  it('leaves connections to others, however many there are', async () => {
    const small = await testStorage(schema, { pool: { max: 10, connectTimeout: '30s' } })
    const appended = Promise.withResolvers<void>()
    // As many as wait for a connection; none of them ends before an append elsewhere is done.
    const open = Array.from({ length: 20 }, (_, i) =>
      small.transaction(async (tx) => {
        await tx.sql`select ${i}::int`
        await appended.promise
      }),
    )
    await small.events.append('outside', [{ type: 'x', data: 1 }])
    expect(await small.events.read('outside').toArray()).toHaveLength(1)
    appended.resolve()
    await Promise.all(open)
    expect(small.pool.total).toBeGreaterThan(1)
    await small.close()
  })
})
