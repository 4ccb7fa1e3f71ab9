import { createMeter, type Meter } from '../../observe/index.ts'
import { EventLoopWatch } from './event-loop.ts'

let measured = false

/** Measures this process from now on: its event loop, memory, processor time, garbage collection and what it holds open. Idempotent. */
export function measureProcess(): void {
  if (measured) return
  measured = true
  const meter = createMeter('tutti.process')
  measureResources(meter)
  measureMemory(meter)
  measureEventLoop(meter)
  measureCollections(meter)
  const labels = { 'tutti.version': ownVersion(), 'nodejs.version': process.versions.node }
  meter.gauge('tutti.build.info', () => [{ value: 1, labels }], { description: 'Always 1; its labels say what runs here' })
}

function measureResources(meter: Meter): void {
  const cpu = (): { value: number; labels: { 'cpu.mode': string } }[] => {
    const { user, system } = process.cpuUsage()
    return [
      { value: user / 1e6, labels: { 'cpu.mode': 'user' } },
      { value: system / 1e6, labels: { 'cpu.mode': 'system' } },
    ]
  }
  meter.total('process.cpu.time', cpu, { unit: 's', description: 'Processor time used' })
  meter.gauge('process.uptime', () => process.uptime(), { unit: 's', description: 'Time since the process started' })
  const start = performance.timeOrigin / 1000
  meter.gauge('process.start_time', () => start, { unit: 's', description: 'When the process started, in seconds since 1970' })
  const { readdirSync, existsSync } = process.getBuiltinModule('node:fs')
  const open = '/proc/self/fd'
  if (existsSync(open)) {
    // Reading the folder opens it as well.
    const count = (): number => readdirSync(open).length - 1
    meter.gauge('process.unix.file_descriptor.count', count, { unit: '{file_descriptor}', description: 'File descriptors in use' })
  }
  meter.gauge('nodejs.active_resources', activeResources, { unit: '{resource}', description: 'What keeps the event loop alive, by kind' })
}

function activeResources(): { value: number; labels: { type: string } }[] {
  const counts = new Map<string, number>()
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1)
  return Array.from(counts, ([type, value]) => ({ value, labels: { type } }))
}

function measureMemory(meter: Meter): void {
  const { getHeapSpaceStatistics } = process.getBuiltinModule('node:v8')
  const spaces = (read: (space: ReturnType<typeof getHeapSpaceStatistics>[number]) => number) => () =>
    getHeapSpaceStatistics().map((space) => ({ value: read(space), labels: { 'v8js.heap.space.name': space.space_name } }))
  const unit = 'By'
  meter.gauge('process.memory.usage', () => process.memoryUsage.rss(), { unit, description: 'Memory that the process holds' })
  meter.gauge(
    'v8js.memory.heap.used',
    spaces((space) => space.space_used_size),
    { unit, description: 'Heap in use, by space' },
  )
  meter.gauge(
    'v8js.memory.heap.limit',
    spaces((space) => space.space_size),
    { unit, description: 'Heap taken from the system, by space' },
  )
  const outside = (): { value: number; labels: { type: string } }[] => {
    const { external, arrayBuffers } = process.memoryUsage()
    return [
      { value: arrayBuffers, labels: { type: 'array_buffers' } },
      { value: external - arrayBuffers, labels: { type: 'other' } },
    ]
  }
  meter.gauge('nodejs.memory.external', outside, { unit, description: 'Memory outside of the heap that JavaScript objects hold' })
}

function measureEventLoop(meter: Meter): void {
  const watch = new EventLoopWatch()
  const descriptions = {
    min: 'Least',
    mean: 'Mean',
    max: 'Longest',
    p50: 'Median',
    p90: '90th percentile of the',
    p99: '99th percentile of the',
  }
  for (const part of ['min', 'mean', 'max', 'p50', 'p90', 'p99'] as const) {
    const description = `${descriptions[part]} delay of the event loop over the last seconds`
    meter.gauge(`nodejs.eventloop.delay.${part}`, () => watch.read().delay[part], { unit: 's', description })
  }
  const description = 'Share of the last seconds in which the event loop was at work'
  meter.gauge('nodejs.eventloop.utilization', () => watch.read().utilization, { unit: '1', description })
  const times = (): { value: number; labels: { 'nodejs.eventloop.state': string } }[] =>
    Object.entries(watch.times()).map(([state, value]) => ({ value, labels: { 'nodejs.eventloop.state': state } }))
  meter.total('nodejs.eventloop.time', times, { unit: 's', description: 'Time that the event loop was at work and waited' })
}

function measureCollections(meter: Meter): void {
  const options = { unit: 's', description: 'Pauses for garbage collection', buckets: [0.001, 0.01, 0.1, 1, 10] }
  const pauses = meter.histogram('v8js.gc.duration', options)
  const { constants, PerformanceObserver } = process.getBuiltinModule('node:perf_hooks')
  const kinds = new Map([
    [constants.NODE_PERFORMANCE_GC_MAJOR, pauses.with({ 'v8js.gc.type': 'major' })],
    [constants.NODE_PERFORMANCE_GC_MINOR, pauses.with({ 'v8js.gc.type': 'minor' })],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, pauses.with({ 'v8js.gc.type': 'incremental' })],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, pauses.with({ 'v8js.gc.type': 'weakcb' })],
  ])
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const detail: unknown = Reflect.get(entry, 'detail')
      const kind: unknown = typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'kind') : undefined
      if (typeof kind === 'number') kinds.get(kind)?.record(entry.duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
}

function ownVersion(): string {
  const file = process.getBuiltinModule('node:module').findPackageJSON(import.meta.url)
  if (file === undefined) return 'unknown'
  const own: { readonly version: string } = JSON.parse(process.getBuiltinModule('node:fs').readFileSync(file, 'utf8'))
  return own.version
}
