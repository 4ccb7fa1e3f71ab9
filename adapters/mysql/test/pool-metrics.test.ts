import { createMeter, MetricRegistry } from '../../../packages/tutti/src/observe/index.ts'
import { expect, it } from 'vitest'
import { describeWithServer, dropDatabase, ownDatabase, testStorage } from './test-storage.ts'

describeWithServer('The pool of connections to MariaDB', () => {
  it('is measured', async () => {
    const registry = new MetricRegistry()
    const meter = createMeter('test', { registry })
    const database = await ownDatabase()
    await using storage = await testStorage(database, { meter, pool: { max: 4 } })
    const series = (name: string) => {
      const found = registry.collect().find((metric) => metric.name === `db.client.connection.${name}`)
      return found?.series.filter(({ labels }) => String(labels['db.client.connection.pool.name']).endsWith(' storage'))
    }
    const used = () => series('count')?.filter(({ labels }) => labels['db.client.connection.state'] === 'used')
    const go = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const work = storage.transaction(async ({ sql }) => {
      await sql`select 1`
      begun.resolve()
      await go.promise
    })
    await begun.promise
    expect(used()).toMatchObject([{ value: 1 }])
    expect(series('max')).toMatchObject([{ value: 4 }])
    expect(series('pending_requests')).toMatchObject([{ value: 0 }])
    expect(series('wait_time')).toHaveLength(1)
    go.resolve()
    await work
    await expect.poll(used).toMatchObject([{ value: 0 }])
    await storage.close()
    await dropDatabase(database)
    expect(series('count')).toEqual([])
  })
})
