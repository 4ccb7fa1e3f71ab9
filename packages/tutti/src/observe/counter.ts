import type { BoundCounter, Counter, Labels } from './meter.ts'
import type { MetricRegistry } from './metric-registry.ts'
import type { InstrumentDefinition, MetricSnapshot } from './metric-snapshot.ts'
import { Forward, metricOptions } from './otel-meter.ts'
import { SeriesByLabels } from './series.ts'

/** The counter of that name in the registry. */
export function createCounter(registry: MetricRegistry, definition: InstrumentDefinition): Counter {
  return registry.instrument(definition, () => new MemoryCounter(registry, definition), isCounter)
}

const isCounter = (instrument: unknown): instrument is MemoryCounter => instrument instanceof MemoryCounter

class MemoryCounter implements Counter {
  readonly definition: InstrumentDefinition
  readonly #series: SeriesByLabels<CounterSeries>

  constructor(registry: MetricRegistry, definition: InstrumentDefinition) {
    this.definition = definition
    const open: ConstructorParameters<typeof Forward>[1] = (meter) => {
      const counter = meter.createCounter(definition.name, metricOptions(definition))
      return (value, labels) => counter.add(value, labels)
    }
    const forward = new Forward(definition.meter, open, () => registry.connect())
    this.#series = new SeriesByLabels(definition.name, (labels) => new CounterSeries(labels, forward))
  }

  add(value: number, labels?: Labels): void {
    this.#series.get(labels).add(value)
  }

  with(labels: Labels): BoundCounter {
    return this.#series.get(labels)
  }

  snapshot(): MetricSnapshot {
    return {
      ...this.definition,
      kind: 'counter',
      series: Array.from(this.#series.values(), ({ labels, total: value }) => ({ labels, value })),
    }
  }
}

class CounterSeries implements BoundCounter {
  readonly labels: Labels
  readonly #forward: Forward
  #total = 0

  constructor(labels: Labels, forward: Forward) {
    this.labels = labels
    this.#forward = forward
  }

  get total(): number {
    return this.#total
  }

  add(value: number): void {
    if (!(value >= 0 && value < Infinity)) return
    this.#total += value
    this.#forward.send(value, this.labels)
  }
}
