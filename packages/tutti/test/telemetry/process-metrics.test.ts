import { describe, expect, it } from 'vitest'
import { defaultRegistry, type MetricSnapshot } from '../../src/observe/index.ts'
import { measureProcess, prometheusText } from '../../src/telemetry/index.ts'
import { EventLoopWatch } from '../../src/telemetry/process/event-loop.ts'

function metric(name: string): MetricSnapshot | undefined {
  return defaultRegistry.collect().find((one) => one.name === name)
}

function value(name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = metric(name)
  if (found === undefined || found.kind === 'histogram') return Number.NaN
  return found.series.find((one) => Object.entries(labels).every(([label, wanted]) => one.labels[label] === wanted))?.value ?? Number.NaN
}

describe('the metrics of the process', () => {
  it('are there once somebody has asked for them', () => {
    expect(metric('process.memory.usage')).toBeUndefined()
    measureProcess()
    measureProcess()
    expect(value('process.memory.usage')).toBeGreaterThan(1e7)
    expect(value('v8js.memory.heap.used', { 'v8js.heap.space.name': 'old_space' })).toBeGreaterThan(1e5)
    expect(value('process.cpu.time', { 'cpu.mode': 'user' })).toBeGreaterThan(0)
    expect(value('process.uptime')).toBeGreaterThan(0)
    expect(value('process.start_time')).toBeLessThanOrEqual(Date.now() / 1000)
    expect(value('nodejs.eventloop.utilization')).toBeLessThanOrEqual(1)
    expect(value('nodejs.eventloop.time', { 'nodejs.eventloop.state': 'active' })).toBeGreaterThan(0)
    if (process.platform === 'linux') expect(value('process.unix.file_descriptor.count')).toBeGreaterThan(2)
  })

  it('have the names in Prometheus that its dashboards ask for', () => {
    measureProcess()
    const text = prometheusText(defaultRegistry.collect())
    for (const name of ['process_cpu_seconds_total{cpu_mode="user"}', 'process_resident_memory_bytes', 'process_start_time_seconds'])
      expect(text).toMatch(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} [\\d.e+]+$`, 'm'))
    expect(text).toMatch(/^tutti_build_info\{nodejs_version="[\d.]+",tutti_version="[\d.]+"\} 1$/m)
    expect(text).toMatch(/^nodejs_eventloop_delay_p99_seconds [\d.e-]+$/m)
    expect(text).toMatch(/^nodejs_eventloop_utilization_ratio [\d.e-]+$/m)
  })

  it('count the pauses for garbage collection', async () => {
    measureProcess()
    const held: object[] = []
    const pauses = (): number => {
      for (let made = 0; made < 50_000; made++) held[made] = { made }
      const found = metric('v8js.gc.duration')
      return found?.kind === 'histogram' ? found.series.reduce((sum, { count }) => sum + count, 0) : 0
    }
    await expect.poll(pauses, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(held).not.toHaveLength(0)
  })
})

describe('the watch over the event loop', () => {
  it('tells of a loop that was held up, to all who ask within the same seconds', async () => {
    const watch = new EventLoopWatch()
    // The first looks at the loop are what later ones are measured from.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const end = performance.now() + 250
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 100))
    const reading = watch.read()
    expect(reading.delay.max).toBeGreaterThan(0.2)
    expect(reading.delay.p50).toBeLessThanOrEqual(reading.delay.max)
    expect(reading.utilization).toBeGreaterThan(0)
    expect(watch.read()).toBe(reading)
  })
})
