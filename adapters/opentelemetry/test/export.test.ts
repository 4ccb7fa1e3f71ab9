import { describe, expect, it } from 'vitest'
import type { MetricSnapshot } from 'tutti/telemetry'
import { openTelemetry, type Protocol } from '../src/index.ts'
import { attributes, type Json } from './otlp-messages.ts'
import { Receiver } from './receiver.ts'
import { logLine, span, spans, TestSource } from './records.ts'

const values = [
  { meter: 'tutti.http', name: 'requests', kind: 'counter', unit: '{request}', series: [{ labels: { route: '/' }, value: 7 }] },
  {
    meter: 'tutti.http',
    name: 'open',
    kind: 'gauge',
    description: 'Open ones',
    series: [
      { labels: {}, value: 2.5 },
      { labels: { a: 1 }, value: Number.NaN },
    ],
  },
  {
    meter: 'tutti.events',
    name: 'duration',
    kind: 'histogram',
    buckets: [1, 2],
    series: [{ labels: { ok: true }, counts: [3, 0, 1], sum: 9.5, count: 4 }],
  },
  { meter: 'tutti.events', name: 'never', kind: 'counter', series: [] },
] as const satisfies readonly MetricSnapshot[]

describe.each<Protocol>(['http/protobuf', 'http/json'])('telemetry by %s', (protocol) => {
  it('tells all there is to say about spans', async () => {
    await using receiver = await Receiver.open()
    const sink = await openTelemetry({ url: receiver.url, protocol, closeTimeout: '30s', metrics: false }).open(new TestSource())
    const parent = span('GET /orders', {
      kind: 'server',
      parentId: '4'.repeat(16),
      status: 'error',
      statusMessage: 'It broke.',
      flags: 2,
      state: 'vendor=1',
      attributes: { 'http.route': '/orders', count: 3, share: 0.5, ok: true, tags: ['a', 'b'], none: undefined },
      events: [{ name: 'exception', time: 1_700_000_000_005, attributes: { 'exception.type': 'Error' } }],
      links: [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16), flags: 1 }],
    })
    sink.spans?.([parent, span('query', { spanId: '3'.repeat(16), parentId: parent.spanId, scope: 'tutti.sql', kind: 'client' })])
    await sink.close()
    const [first, second] = receiver.spans()
    expect(first).toMatchObject({
      name: 'GET /orders',
      traceId: parent.traceId,
      spanId: parent.spanId,
      traceState: 'vendor=1',
      kind: 2,
      startTimeUnixNano: '1700000000000250000',
      endTimeUnixNano: '1700000000012750000',
      status: { code: 2, message: 'It broke.' },
      attributes: { 'http.route': '/orders', count: 3, share: 0.5, ok: true, tags: ['a', 'b'] },
      scope: { name: 'tutti.http' },
    })
    expect(first).not.toHaveProperty('attributes.none')
    // Kept though it was not sampled: collectors see it as sampled.
    const flagsOf = (one: Json | undefined) => Number(one?.['flags'])
    expect(flagsOf(first) & 0xff).toBe(3)
    // Whether the parent is in another process.
    expect([first, second].map((one) => flagsOf(one) & 0x200)).toEqual([0x200, 0])
    const [event] = (first as { events: Json[] }).events
    expect(event).toMatchObject({ name: 'exception', timeUnixNano: '1700000000005000000' })
    expect(attributes(event?.['attributes'])).toEqual({ 'exception.type': 'Error' })
    expect(first?.['links']).toMatchObject([{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }])
    expect(second).toMatchObject({ name: 'query', parentSpanId: parent.spanId, kind: 3, scope: { name: 'tutti.sql' } })
  })

  it('tells the values of metrics', async () => {
    await using receiver = await Receiver.open()
    const source = new TestSource()
    source.values = values
    const sink = await openTelemetry({ url: receiver.url, protocol, closeTimeout: '30s' }).open(source)
    await sink.flush()
    const metrics = receiver.metrics()
    expect([...metrics.keys()]).toEqual(['requests', 'open', 'duration'])
    const requests = metrics.get('requests') as { sum: { dataPoints: Json[]; isMonotonic: boolean; aggregationTemporality: number } } & Json
    expect(requests).toMatchObject({ unit: '{request}', scope: { name: 'tutti.http' } })
    expect(requests.sum).toMatchObject({ isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asDouble: 7 }] })
    expect(attributes(requests.sum.dataPoints[0]?.['attributes'])).toEqual({ route: '/' })
    expect(metrics.get('open')).toMatchObject({ description: 'Open ones', gauge: { dataPoints: [{ asDouble: 2.5 }] } })
    const { histogram } = metrics.get('duration') as { histogram: { dataPoints: Json[] } }
    expect(histogram.dataPoints[0]).toMatchObject({ sum: 9.5, explicitBounds: [1, 2] })
    expect(Number(histogram.dataPoints[0]?.['count'])).toBe(4)
    expect((histogram.dataPoints[0] as { bucketCounts: unknown[] }).bucketCounts.map(Number)).toEqual([3, 0, 1])
    await sink.close()
    // The values at the end are not lost.
    expect(receiver.taken).toHaveLength(2)
  })

  it('tells what was added to metrics, where that is wanted', async () => {
    await using receiver = await Receiver.open()
    const source = new TestSource()
    source.values = values
    const sink = await openTelemetry({ url: receiver.url, protocol, temporality: 'delta', closeTimeout: '30s' }).open(source)
    await sink.flush()
    const dataPoints = (name: string) => {
      const { sum, gauge, histogram } = receiver.metrics().get(name) as { [kind in 'sum' | 'gauge' | 'histogram']?: Json }
      return { temporality: (sum ?? histogram)?.['aggregationTemporality'], points: (sum ?? gauge ?? histogram)?.['dataPoints'] as Json[] }
    }
    const first = dataPoints('requests')
    expect(first).toMatchObject({ temporality: 1, points: [{ asDouble: 7 }] })
    const series = { labels: { ok: true }, counts: [4, 1, 1], sum: 12, count: 6 }
    source.values = [
      { ...values[0], series: [...values[0].series, { labels: { route: '/new' }, value: 3 }] },
      values[1],
      { ...values[2], series: [series] },
    ]
    await sink.flush()
    // What stayed as it was is left out.
    const second = dataPoints('requests')
    expect(second.points).toMatchObject([{ asDouble: 3, startTimeUnixNano: first.points[0]?.['timeUnixNano'] }])
    expect(dataPoints('open').points).toMatchObject([{ asDouble: 2.5 }])
    const duration = dataPoints('duration')
    expect(duration).toMatchObject({ temporality: 1, points: [{ sum: 2.5 }] })
    expect((duration.points[0] as { bucketCounts: unknown[] }).bucketCounts.map(Number)).toEqual([1, 1, 0])
    await sink.close()
    expect([...receiver.metrics().keys()]).toEqual(['open'])
  })

  it('tells log lines with their traces and errors', async () => {
    await using receiver = await Receiver.open()
    const sink = await openTelemetry({ url: receiver.url, protocol, closeTimeout: '30s', metrics: false }).open(new TestSource())
    const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
    sink.log?.(logLine('Sold.', { fields: { ...ids, order: { id: 7, lines: [1, null] }, tenant: 'acme' } }))
    const error = { name: 'TypeError', message: 'It broke.', stack: 'TypeError: It broke.\n  at x', code: 'E1' }
    sink.log?.(logLine('Failed.', { level: 'error', fields: { error } }))
    for (const level of ['trace', 'debug', 'warn', 'fatal'] as const) sink.log?.(logLine(level, { level }))
    sink.log?.(logLine('Mine.', { fields: { traceId: 'mine', spanId: '7' } }))
    sink.log?.(logLine('Projected.', { fields: { component: 'tutti.projections' } }))
    await sink.close()
    const lines = receiver.logs()
    const projected = lines.pop()
    const [sold, failed, ...others] = lines
    expect(projected).toMatchObject({ scope: { name: 'tutti.projections' }, attributes: {} })
    expect(sold).toMatchObject({ scope: { name: 'tutti' } })
    expect(sold).toMatchObject({
      ...ids,
      timeUnixNano: '1700000000123000000',
      severityNumber: 9,
      severityText: 'info',
      body: { stringValue: 'Sold.' },
      attributes: { tenant: 'acme', order: { id: 7 } },
    })
    expect(sold).not.toHaveProperty('attributes.traceId')
    // What is no id stays what it is.
    expect(others.pop()).toMatchObject({ attributes: { traceId: 'mine', spanId: '7' } })
    expect(failed).toMatchObject({
      severityNumber: 17,
      attributes: {
        'exception.type': 'TypeError',
        'exception.message': 'It broke.',
        'exception.stacktrace': error.stack,
        error: { code: 'E1' },
      },
    })
    expect(others.map(({ severityNumber }) => severityNumber)).toEqual([1, 5, 13, 21])
  })
})

it('describes the process, compresses and sends headers', async () => {
  await using receiver = await Receiver.open()
  const headers = () => Promise.resolve({ authorization: 'Bearer one' })
  const resource = { 'deployment.environment.name': 'test', 'service.version': '2.0' }
  const options = { url: `${receiver.url}/base/`, compression: 'gzip', headers, resource, closeTimeout: '30s' } as const
  const sink = await openTelemetry(options).open(new TestSource())
  sink.spans?.([span('one')])
  await sink.flush()
  const [request] = receiver.taken
  expect(request).toMatchObject({ path: '/base/v1/traces', headers: { authorization: 'Bearer one', 'content-encoding': 'gzip' } })
  expect(receiver.resource()).toMatchObject({
    'service.name': 'shop',
    'process.pid': process.pid,
    'telemetry.sdk.language': 'nodejs',
    ...resource,
  })
  expect(receiver.resource()).toHaveProperty(['service.instance.id'])
  await sink.close()
  // What comes later is left out.
  sink.spans?.([span('late')])
  sink.log?.(logLine('late'))
  await sink.flush()
  await sink.close()
  expect(receiver.spanNames()).toEqual(['one'])
})

it('what was taken before the end arrives, once', async () => {
  await using receiver = await Receiver.open()
  const sink = await openTelemetry({ url: receiver.url, metrics: false, closeTimeout: '30s' }).open(new TestSource())
  for (let batch = 0; batch < 10; batch++) sink.spans?.(spans(700, batch * 700))
  for (let line = 0; line < 3_000; line++) sink.log?.(logLine(`line ${line}`))
  await sink.close()
  expect(new Set(receiver.spanNames()).size).toBe(7_000)
  expect(receiver.spans()).toHaveLength(7_000)
  expect(receiver.logs()).toHaveLength(3_000)
  expect(receiver.taken).toHaveLength(Math.ceil(7_000 / 512) + Math.ceil(3_000 / 512))
})
