import { describe, expect, it } from 'vitest'
import { createMeter, MetricRegistry, type Meter } from '../../src/observe/index.ts'
import { prometheusText } from '../../src/telemetry/index.ts'

function fresh(): { readonly meter: Meter; text(): string; openMetrics(): string } {
  const registry = new MetricRegistry()
  const meter = createMeter('test', { registry })
  return { meter, text: () => prometheusText(registry.collect()), openMetrics: () => prometheusText(registry.collect(), 'openmetrics') }
}

describe('the names of metrics', () => {
  it.for([
    ['counter', 'tutti.messages.handled', undefined, 'tutti_messages_handled_total'],
    ['counter', 'events.total', '{event}', 'events_total'],
    ['counter', 'network/io', 'By', 'network_io_bytes_total'],
    ['counter', 'parts', '1', 'parts_total'],
    ['counter', 'process.cpu.time', 's', 'process_cpu_seconds_total'],
    ['gauge', 'process.memory.usage', 'By', 'process_resident_memory_bytes'],
    ['gauge', 'nodejs.eventloop.utilization', '1', 'nodejs_eventloop_utilization_ratio'],
    ['gauge', 'tutti.lag_seconds', 's', 'tutti_lag_seconds'],
    ['gauge', 'speed', 'By/s', 'speed_bytes_per_second'],
    ['gauge', 'seen', '{message}/s', 'seen_per_second'],
    ['gauge', 'odd..name--here', 'widget', 'odd_name_here_widget'],
  ] as const)('a %s called %s in %s becomes %s there', ([kind, name, unit, wanted]) => {
    const { meter, text } = fresh()
    const options = unit === undefined ? {} : { unit }
    if (kind === 'counter') meter.counter(name, options).add(1)
    else meter.gauge(name, () => 1, options)
    expect(text()).toBe(`# TYPE ${wanted} ${kind}\n${wanted} 1\n`)
  })

  it('that become the same do not spoil the page: the first one stays, and the other is named in a warning', async () => {
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    const { meter, text } = fresh()
    meter.counter('a.b').add(1)
    meter.counter('a-b').add(2)
    expect(text()).toBe('# TYPE a_b_total counter\na_b_total 1\n')
    expect(text()).toContain('a_b_total 1')
    await expect.poll(() => warnings).toEqual(['The metric "a-b" is not in /metrics: there is another one called a_b_total.'])
    process.off('warning', listen)
  })
})

describe('labels', () => {
  it('are escaped, sorted and made valid', () => {
    const { meter, text } = fresh()
    const counter = meter.counter('c', { description: 'Line one\nand a \\ and a "quote".' })
    counter.add(1, { 'http.route': 'C:\\dir "x"\nnext', ok: true, code: 200 })
    counter.add(2, { __own: 'x', '9lives': 'y' })
    expect(text().split('\n')).toEqual([
      '# HELP c_total Line one\\nand a \\\\ and a "quote".',
      '# TYPE c_total counter',
      'c_total{_9lives="y",_own="x"} 2',
      'c_total{code="200",http_route="C:\\\\dir \\"x\\"\\nnext",ok="true"} 1',
      '',
    ])
  })

  it('whose names become the same are joined, so that no series comes twice', () => {
    const { meter, text } = fresh()
    meter.counter('c').add(1, { 'a.b': 'x', a_b: 'y' })
    expect(text()).toContain('c_total{a_b="x;y"} 1')
    meter.gauge('g', () => [
      { value: 1, labels: { pool: 'db' } },
      { value: 2, labels: { pool: 'db' } },
    ])
    expect(text()).toContain('# TYPE g gauge\ng{pool="db"} 2\n')
  })
})

describe('a histogram', () => {
  it('counts what is in a bucket and in all below it, and ends with +Inf', () => {
    const { meter, text } = fresh()
    const histogram = meter.histogram('http.server.request.duration', { unit: 's', buckets: [0.005, 1, 10] })
    for (const value of [0.001, 0.5, 0.75, 100]) histogram.record(value, { le: 'mine' })
    expect(text().split('\n')).toEqual([
      '# TYPE http_server_request_duration_seconds histogram',
      'http_server_request_duration_seconds_bucket{le_="mine",le="0.005"} 1',
      'http_server_request_duration_seconds_bucket{le_="mine",le="1.0"} 3',
      'http_server_request_duration_seconds_bucket{le_="mine",le="10.0"} 3',
      'http_server_request_duration_seconds_bucket{le_="mine",le="+Inf"} 4',
      'http_server_request_duration_seconds_sum{le_="mine"} 101.251',
      'http_server_request_duration_seconds_count{le_="mine"} 4',
      '',
    ])
  })
})

describe('a page', () => {
  it('is the same whatever the order in which things were counted', () => {
    const [one, two] = [fresh(), fresh()]
    one.meter.counter('b').add(1, { x: '1' })
    one.meter.counter('b').add(1, { x: '2' })
    one.meter.counter('a').add(1)
    two.meter.counter('a').add(1)
    two.meter.counter('b').add(1, { x: '2' })
    two.meter.counter('b').add(1, { x: '1' })
    expect(one.text()).toBe(two.text())
  })

  it('leaves out what has no value yet, and says what is no number', () => {
    const { meter, text } = fresh()
    meter.counter('nothing')
    meter.gauge('g', () => [
      { value: Number.NaN, labels: { a: 1 } },
      { value: Infinity, labels: { a: 2 } },
      { value: -Infinity, labels: { a: 3 } },
    ])
    expect(text()).toBe('# TYPE g gauge\ng{a="1"} NaN\ng{a="2"} +Inf\ng{a="3"} -Inf\n')
  })

  it('in OpenMetrics names counters without _total and ends with # EOF', () => {
    const { meter, openMetrics } = fresh()
    meter.counter('hits', { description: 'What was "hit"' }).add(3)
    expect(openMetrics()).toBe('# HELP hits What was \\"hit\\"\n# TYPE hits counter\nhits_total 3\n# EOF\n')
  })
})
