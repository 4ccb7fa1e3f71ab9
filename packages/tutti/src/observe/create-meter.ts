import { createCounter } from './counter.ts'
import { createHistogram } from './histogram.ts'
import type { Meter } from './meter.ts'
import { defaultRegistry, type MetricRegistry } from './metric-registry.ts'

/** How a meter keeps what it measures. */
export interface MeterOptions {
  /** @default the registry of the process */
  readonly registry?: MetricRegistry
}

/** A meter for the part of the application called `name`. Values stay in memory; they go to OpenTelemetry too while its provider is registered. */
export function createMeter(name: string, options: MeterOptions = {}): Meter {
  const registry = options.registry ?? defaultRegistry
  return {
    counter: (instrument, more = {}) => createCounter(registry, { meter: name, name: instrument, kind: 'counter', ...more }),
    histogram: (instrument, more = {}) => createHistogram(registry, { meter: name, name: instrument, kind: 'histogram', ...more }),
    gauge: (instrument, observe, more = {}) => registry.observed({ meter: name, name: instrument, kind: 'gauge', ...more }, observe),
    total: (instrument, observe, more = {}) => registry.observed({ meter: name, name: instrument, kind: 'counter', ...more }, observe),
  }
}
