import { describe, expect, it } from 'vitest'
import { createMeter, MetricRegistry, type Meter, type MetricSnapshot } from '../../src/observe/index.ts'
import { mergeMetrics, sumMetrics } from '../../src/telemetry/index.ts'

/** The metrics of a worker, as they arrive from another process. */
function measured(work: (meter: Meter) => void): readonly MetricSnapshot[] {
  const registry = new MetricRegistry()
  work(createMeter('test', { registry }))
  const sent: readonly MetricSnapshot[] = JSON.parse(JSON.stringify(registry.collect()))
  return sent
}

const one = measured((meter) => {
  meter.counter('requests', { unit: '{request}', description: 'd' }).add(3, { route: '/', ok: true })
  meter.histogram('time', { buckets: [1, 2] }).record(1.5, { route: '/' })
  meter.gauge('open', () => 4)
})
const two = measured((meter) => {
  meter.counter('requests').add(4, { ok: true, route: '/' })
  meter.counter('requests').add(1, { route: '/other' })
  meter.histogram('time', { buckets: [1, 2] }).record(5, { route: '/' })
  meter.gauge('open', () => [{ value: 6, labels: { pool: 'db' } }])
})

describe('the metrics of several workers', () => {
  it('are added up where they count, and told apart where they are a state', () => {
    const merged = mergeMetrics(
      [
        { worker: 0, metrics: one },
        { worker: 1, metrics: two },
      ],
      [],
    )
    expect(merged).toMatchObject([
      {
        name: 'requests',
        kind: 'counter',
        unit: '{request}',
        series: [
          { labels: { route: '/', ok: true }, value: 7 },
          { labels: { route: '/other' }, value: 1 },
        ],
      },
      { name: 'time', kind: 'histogram', series: [{ labels: { route: '/' }, counts: [0, 1, 1], sum: 6.5, count: 2 }] },
      {
        name: 'open',
        kind: 'gauge',
        series: [
          { labels: { worker: 0 }, value: 4 },
          { labels: { pool: 'db', worker: 1 }, value: 6 },
        ],
      },
    ])
    expect(merged).toHaveLength(3)
  })

  it('leave out what is no number, which processes cannot tell each other', () => {
    const odd = measured((meter) => {
      meter.gauge('odd', () => [
        { value: Number.NaN, labels: { a: 1 } },
        { value: Infinity, labels: { a: 2 } },
        { value: 3, labels: { a: 3 } },
      ])
    })
    expect(mergeMetrics([{ worker: 1, metrics: odd }], [])).toMatchObject([{ series: [{ labels: { a: 3, worker: 1 }, value: 3 }] }])
  })

  it('keep what workers that have ended had counted', () => {
    const ended = sumMetrics([one, two])
    expect(ended.map(({ name }) => name)).toEqual(['requests', 'time'])
    const [requests] = mergeMetrics([{ worker: 0, metrics: one }], ended)
    expect(requests?.series[0]).toEqual({ labels: { route: '/', ok: true }, value: 10 })
  })

  it('are not changed by adding them up', () => {
    const before = JSON.stringify(one)
    sumMetrics([one, one, two])
    expect(JSON.stringify(one)).toBe(before)
  })

  it('that were sorted into other buckets, or are of another kind, are left out of the sum', () => {
    const other = measured((meter) => {
      meter.histogram('time', { buckets: [1, 3] }).record(1, { route: '/' })
      meter.histogram('requests').record(1)
    })
    expect(sumMetrics([one, other])).toEqual(sumMetrics([one]))
  })
})
