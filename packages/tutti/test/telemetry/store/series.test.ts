import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { MetricSnapshot } from '../../../src/observe/index.ts'
import { MetricSampler } from '../../../src/telemetry/store/metric-sampler.ts'
import { openDatabase } from '../../../src/telemetry/store/open-database.ts'
import { percentile } from '../../../src/telemetry/store/percentile.ts'
import { readSeries } from '../../../src/telemetry/store/read-series.ts'

function counter(values: Readonly<Record<string, number>>): MetricSnapshot {
  const series = Object.entries(values).map(([route, value]) => ({ labels: { route }, value }))
  return { meter: 'test', name: 'requests', kind: 'counter', unit: '{request}', series }
}

function gauge(value: number): MetricSnapshot {
  return { meter: 'test', name: 'memory', kind: 'gauge', series: [{ labels: {}, value }] }
}

/** Takes a sample each second, and tells how an instrument went. */
function sampled(
  snapshots: readonly (readonly MetricSnapshot[] | undefined)[],
  database: DatabaseSync = openDatabase(':memory:'),
): DatabaseSync {
  const sampler = new MetricSampler(database)
  for (const [i, some] of snapshots.entries()) if (some !== undefined) sampler.write(some, (i + 1) * 1_000)
  return database
}

describe('series', () => {
  it('of a counter are rates, nothing where it was not looked at, and go on from zero after a restart', () => {
    const database = sampled([[counter({ a: 0 })], [counter({ a: 5 })], [counter({ a: 5 })], undefined, undefined])
    sampled([undefined, undefined, undefined, undefined, [counter({ a: 3 })], [counter({ a: 4 })]], database)
    const { times, lines, unit } = readSeries(database, { name: 'requests', from: 1_000, to: 6_000, step: 1 })
    expect(unit).toBe('{request}')
    expect(times).toEqual([1_000, 2_000, 3_000, 4_000, 5_000, 6_000])
    expect(lines).toEqual([{ labels: { route: 'a' }, of: 'rate', values: [0, 5, 0, null, 3, 1] }])
  })

  it('of two processes are added up', () => {
    const database = sampled([[counter({ a: 1 })], [counter({ a: 11 })]])
    sampled([[counter({ a: 100 })], [counter({ a: 105 })]], database)
    const { lines } = readSeries(database, { name: 'requests', from: 2_000, to: 2_000, step: 1 })
    expect(lines[0]?.values).toEqual([15])
  })

  it('of a gauge are its values, also where it does not change', () => {
    const database = sampled([[gauge(7)], [gauge(7)], [gauge(9)]])
    expect(database.prepare('select count(*) as n from points').get()).toEqual({ n: 2 })
    expect(readSeries(database, { name: 'memory', from: 1_000, to: 3_000, step: 1 }).lines).toEqual([
      { labels: {}, of: 'value', values: [7, 7, 9] },
    ])
  })

  it('of a histogram are percentiles and the rate', () => {
    const histogram = (counts: readonly number[]): MetricSnapshot => ({
      ...{ meter: 'test', name: 'duration', kind: 'histogram', unit: 's', buckets: [1, 2, 4] },
      series: [{ labels: {}, counts, sum: 0, count: counts.reduce((sum, count) => sum + count, 0) }],
    })
    const database = sampled([[histogram([0, 0, 0, 0])], [histogram([10, 0, 0, 0])], [histogram([10, 10, 0, 1])]])
    const { lines } = readSeries(database, { name: 'duration', from: 1_000, to: 3_000, step: 1 })
    const byPart = Object.fromEntries(lines.map(({ of, values }) => [of, values]))
    expect(byPart).toEqual({ p50: [null, 0.5, 1.55], p90: [null, 0.9, 1.99], p99: [null, 0.99, 4], rate: [0, 10, 11] })
  })

  it('are those in which most happens, where there are too many', () => {
    const values = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`r${i}`, i]))
    const database = sampled([[counter(Object.fromEntries(Object.keys(values).map((key) => [key, 0])))], [counter(values)]])
    const { lines } = readSeries(database, { name: 'requests', from: 2_000, to: 2_000, step: 1 })
    expect(lines).toHaveLength(20)
    expect(lines[0]?.labels).toEqual({ route: 'r49' })
  })

  it('of an unknown instrument have no lines, and no query asks for more points than a chart can show', () => {
    const found = readSeries(openDatabase(':memory:'), { name: 'nothing', from: 0, to: 1e9, step: 1 })
    expect(found.lines).toEqual([])
    expect(found.times.length).toBeLessThanOrEqual(2_001)
  })
})

it('percentiles lie within their bucket, and at the last bound for what is above it', () => {
  expect(percentile([1, 2], [0, 0, 0], 0.5)).toBeNull()
  expect(percentile([1, 2], [4, 0, 0], 0.5)).toBe(0.5)
  expect(percentile([1, 2], [0, 4, 0], 0.25)).toBe(1.25)
  expect(percentile([1, 2], [0, 0, 4], 0.5)).toBe(2)
})
