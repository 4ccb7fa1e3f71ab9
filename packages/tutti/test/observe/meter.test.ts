import { metrics as otelMetrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, describe, expect, it } from 'vitest'
import { createMeter, defaultRegistry, MetricRegistry, type Meter, type MetricSnapshot } from '../../src/observe/index.ts'

function fresh(): { readonly meter: Meter; readonly registry: MetricRegistry; read(name: string): MetricSnapshot | undefined } {
  const registry = new MetricRegistry()
  return { meter: createMeter('test', { registry }), registry, read: (name) => registry.collect().find((metric) => metric.name === name) }
}

describe('a counter', () => {
  it('adds up per set of labels, in whatever order these come', () => {
    const { meter, read } = fresh()
    const counter = meter.counter('requests', { description: 'Requests served.', unit: '1' })
    counter.add(2)
    counter.add(1, { method: 'GET', status: 200 })
    counter.with({ status: 200, method: 'GET' }).add(0.5)
    counter.with({}).add(1)
    expect(read('requests')).toEqual({
      meter: 'test',
      name: 'requests',
      kind: 'counter',
      description: 'Requests served.',
      unit: '1',
      series: [
        { labels: {}, value: 3 },
        { labels: { method: 'GET', status: 200 }, value: 1.5 },
      ],
    })
  })

  it('never goes back and is not spoilt by what is no number', () => {
    const { meter, read } = fresh()
    const counter = meter.counter('c')
    for (const value of [1, -1, Number.NaN, Infinity]) counter.add(value)
    expect(read('c')?.series).toEqual([{ labels: {}, value: 1 }])
  })

  it('keeps labels apart that look alike when joined', () => {
    const { meter, read } = fresh()
    const counter = meter.counter('c')
    counter.add(1, { a: '1', b: '2' })
    counter.add(1, { a: '11:b1:2' })
    counter.add(1, { a: '1b', b: '2' })
    expect(read('c')?.series).toHaveLength(3)
  })

  it('has 2,000 series and one for all the rest, which is said once', async () => {
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    const { meter, read } = fresh()
    const counter = meter.counter('c')
    for (let id = 0; id < 2_500; id++) counter.add(1, { id })
    counter.add(1, { id: 0 })
    const series = read('c')?.series ?? []
    expect(series).toHaveLength(2_001)
    expect(series[0]).toEqual({ labels: { id: 0 }, value: 2 })
    expect(series.at(-1)).toEqual({ labels: { 'otel.metric.overflow': true }, value: 500 })
    await expect.poll(() => warnings).toHaveLength(1)
    expect(warnings[0]).toContain('The instrument "c" has more than 2000 sets of labels')
    process.off('warning', listen)
  })
})

describe('a histogram', () => {
  it('sorts values into its buckets, the bounds included', () => {
    const { meter, read } = fresh()
    const histogram = meter.histogram('duration', { unit: 's', buckets: [1, 2, 5] })
    for (const value of [0.5, 1, 1.5, 5, 6, Number.NaN]) histogram.record(value)
    histogram.with({ route: '/' }).record(2)
    expect(read('duration')).toMatchObject({
      kind: 'histogram',
      unit: 's',
      buckets: [1, 2, 5],
      series: [
        { labels: {}, counts: [2, 1, 1, 1], sum: 14, count: 5 },
        { labels: { route: '/' }, counts: [0, 1, 0, 0], sum: 2, count: 1 },
      ],
    })
  })

  it.each([[[]], [[1, 1]], [[2, 1]], [[1, Infinity]], [[Number.NaN]]])('does not take the buckets %j', (buckets) => {
    expect(() => fresh().meter.histogram('h', { buckets })).toThrow('wanted finite numbers, each greater than the one before')
  })
})

describe('a gauge', () => {
  it('is asked when metrics are read, until it is disposed', () => {
    const { meter, read } = fresh()
    let open = 3
    const plain = meter.gauge('open', () => open)
    meter.gauge('open', () => [{ value: 7, labels: { pool: 'db' } }])
    expect(read('open')?.series).toEqual([
      { labels: {}, value: 3 },
      { labels: { pool: 'db' }, value: 7 },
    ])
    open = 4
    expect(read('open')?.series[0]).toEqual({ labels: {}, value: 4 })
    plain[Symbol.dispose]()
    expect(read('open')?.series).toEqual([{ labels: { pool: 'db' }, value: 7 }])
  })

  it('that fails warns once and hides no other', async () => {
    const { meter, registry } = fresh()
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    meter.gauge('bad', () => {
      throw new Error('gone')
    })
    meter.gauge('good', () => 1)
    for (let read = 0; read < 2; read++) expect(registry.collect().map((metric) => metric.series)).toEqual([[], [{ labels: {}, value: 1 }]])
    await expect.poll(() => warnings).toEqual(['The gauge "bad" could not be observed: gone.'])
    process.off('warning', listen)
  })
})

describe('a total', () => {
  it('is a counter that is asked for when metrics are read', () => {
    const { meter, read } = fresh()
    const ended = meter.total('cpu', () => [{ value: 1.5, labels: { mode: 'user' } }], { unit: 's' })
    expect(read('cpu')).toEqual({
      meter: 'test',
      name: 'cpu',
      kind: 'counter',
      unit: 's',
      series: [{ labels: { mode: 'user' }, value: 1.5 }],
    })
    expect(() => meter.counter('cpu')).toThrow('belongs to a counter')
    expect(() => meter.gauge('cpu', () => 1)).toThrow('belongs to a counter')
    ended[Symbol.dispose]()
    expect(read('cpu')?.series).toEqual([])
  })

  it('has a bound as well', () => {
    const { meter, read } = fresh()
    meter.gauge('g', () => Array.from({ length: 3_000 }, (_, id) => ({ value: 1, labels: { id } })))
    expect(read('g')?.series).toHaveLength(2_000)
    expect(read('g')?.series).toHaveLength(2_000)
  })
})

describe('a name', () => {
  it('stands for one instrument', () => {
    const { meter, registry, read } = fresh()
    meter.counter('c').add(1)
    createMeter('other', { registry }).counter('c').add(1)
    expect(read('c')?.series).toEqual([{ labels: {}, value: 2 }])
    expect(() => meter.histogram('c')).toThrow('The histogram "c" was asked for, but that name belongs to a counter')
  })

  it.each(['', '1a', 'a b', 'ä', 'x'.repeat(256)])('cannot be %j', (name) => {
    expect(() => fresh().meter.counter(name)).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
  })

  it('is looked up in the registry of the process by default', () => {
    createMeter('test').counter('observe.test').add(1)
    expect(defaultRegistry.collect().find((metric) => metric.name === 'observe.test')?.series).toEqual([{ labels: {}, value: 1 }])
  })
})

describe('with OpenTelemetry', () => {
  afterEach(() => {
    otelMetrics.disable()
  })

  it('values arrive as well, also of instruments made before the provider', async () => {
    const { meter, registry, read } = fresh()
    const counter = meter.counter('requests', { unit: '1', description: 'd' }).with({ method: 'GET' })
    const histogram = meter.histogram('duration', { buckets: [1, 2] })
    meter.gauge('open', () => [{ value: 9, labels: { pool: 'db' } }])
    counter.add(1)

    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })] })
    otelMetrics.setGlobalMeterProvider(provider)
    counter.add(2)
    histogram.record(1.5, { route: '/' })
    registry.connect()
    await provider.forceFlush()

    const scope = exporter.getMetrics()[0]?.scopeMetrics[0]
    expect(scope?.scope.name).toBe('test')
    const seen = (scope?.metrics ?? []).map((metric) => ({
      ...metric.descriptor,
      points: metric.dataPoints.map((point) => [point.attributes, point.value]),
    }))
    expect(seen).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'requests', unit: '1', description: 'd', points: [[{ method: 'GET' }, 2]] }),
        expect.objectContaining({
          name: 'duration',
          points: [[{ route: '/' }, expect.objectContaining({ count: 1, sum: 1.5, buckets: { boundaries: [1, 2], counts: [0, 1, 0] } })]],
        }),
        expect.objectContaining({ name: 'open', points: [[{ pool: 'db' }, 9]] }),
      ]),
    )
    expect(seen).toHaveLength(3)
    expect(read('requests')?.series).toEqual([{ labels: { method: 'GET' }, value: 3 }])
    await provider.shutdown()
  })
})
