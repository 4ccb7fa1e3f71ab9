import { expect, it } from 'vitest'
import { createMeter, MetricRegistry } from '../../src/observe/index.ts'
import { PoolMetrics } from '../../src/storage/index.ts'

const pool = { 'db.client.connection.pool.name': 'here:5432/shop storage' }

function measured(connectTimeout: number) {
  const registry = new MetricRegistry()
  const state = { used: 1, idle: 2 as number | undefined, max: 4, waiting: 3 }
  const purpose = { place: 'here:5432/shop', use: 'storage', meter: createMeter('test', { registry }) }
  const metrics = new PoolMetrics({ purpose, state: () => state, connectTimeout })
  const read = (name: string) => registry.collect().find((metric) => metric.name === `db.client.connection.${name}`)?.series
  return { metrics, state, read }
}

it('a pool shows what its connections do, until it is closed', () => {
  const { metrics, state, read } = measured(1000)
  const inState = (of: string) => ({ ...pool, 'db.client.connection.state': of })
  expect(read('count')).toEqual([
    { value: 1, labels: inState('used') },
    { value: 2, labels: inState('idle') },
  ])
  expect([read('max'), read('pending_requests')]).toEqual([[{ value: 4, labels: pool }], [{ value: 3, labels: pool }]])
  state.idle = undefined
  expect(read('count')).toEqual([{ value: 1, labels: inState('used') }])
  metrics[Symbol.dispose]()
  expect(read('count')).toEqual([])
})

it('a pool notes how long callers waited, and who waited in vain', async () => {
  const { metrics, read } = measured(0)
  expect(await metrics.acquire(async () => 'connection')).toBe('connection')
  expect(read('wait_time')).toMatchObject([{ labels: pool, count: 1 }])
  const late = new Error('late')
  await expect(metrics.acquire(() => Promise.reject(late))).rejects.toBe(late)
  expect(read('timeouts')).toEqual([{ labels: pool, value: 1 }])
  const patient = measured(3_600_000)
  await expect(patient.metrics.acquire(() => Promise.reject(late))).rejects.toBe(late)
  expect(patient.read('timeouts')).toEqual([{ labels: pool, value: 0 }])
  expect(patient.read('wait_time')).toMatchObject([{ labels: pool, count: 0 }])
})
