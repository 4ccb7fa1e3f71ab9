import { OptionError } from '../kernel/index.ts'
import type { BoundHistogram, Histogram, HistogramOptions, Labels } from './meter.ts'
import type { MetricRegistry } from './metric-registry.ts'
import type { InstrumentDefinition, MetricSnapshot } from './metric-snapshot.ts'
import { Forward, metricOptions } from './otel-meter.ts'
import { SeriesByLabels } from './series.ts'

/** The bounds that OpenTelemetry's conventions give for the duration of a request in seconds. */
const secondsBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** The histogram of that name in the registry. Throws `TUTTI_OPTION_INVALID` for buckets that do not ascend. */
export function createHistogram(registry: MetricRegistry, definition: InstrumentDefinition & HistogramOptions): Histogram {
  return registry.instrument(definition, () => new MemoryHistogram(registry, definition), isHistogram)
}

const isHistogram = (instrument: unknown): instrument is MemoryHistogram => instrument instanceof MemoryHistogram

class MemoryHistogram implements Histogram {
  readonly definition: InstrumentDefinition
  readonly #buckets: readonly number[]
  readonly #series: SeriesByLabels<HistogramSeries>

  constructor(registry: MetricRegistry, { buckets = secondsBuckets, ...definition }: InstrumentDefinition & HistogramOptions) {
    checkBuckets(definition.name, buckets)
    this.definition = definition
    this.#buckets = [...buckets]
    const open: ConstructorParameters<typeof Forward>[1] = (meter) => {
      const options = { ...metricOptions(definition), advice: { explicitBucketBoundaries: [...buckets] } }
      const histogram = meter.createHistogram(definition.name, options)
      return (value, labels) => histogram.record(value, labels)
    }
    const forward = new Forward(definition.meter, open, () => registry.connect())
    this.#series = new SeriesByLabels(definition.name, (labels) => new HistogramSeries(labels, this.#buckets, forward))
  }

  record(value: number, labels?: Labels): void {
    this.#series.get(labels).record(value)
  }

  with(labels: Labels): BoundHistogram {
    return this.#series.get(labels)
  }

  snapshot(): MetricSnapshot {
    const series = Array.from(this.#series.values(), (one) => one.snapshot())
    return { ...this.definition, kind: 'histogram', buckets: this.#buckets, series }
  }
}

class HistogramSeries implements BoundHistogram {
  readonly #labels: Labels
  readonly #buckets: readonly number[]
  readonly #forward: Forward
  readonly #counts: Float64Array
  #sum = 0
  #count = 0

  constructor(labels: Labels, buckets: readonly number[], forward: Forward) {
    this.#labels = labels
    this.#buckets = buckets
    this.#forward = forward
    this.#counts = new Float64Array(buckets.length + 1)
  }

  record(value: number): void {
    if (!Number.isFinite(value)) return
    let bucket = 0
    while (value > (this.#buckets[bucket] ?? Infinity)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
    this.#count++
    this.#forward.send(value, this.#labels)
  }

  snapshot(): { labels: Labels; counts: readonly number[]; sum: number; count: number } {
    return { labels: this.#labels, counts: [...this.#counts], sum: this.#sum, count: this.#count }
  }
}

function checkBuckets(name: string, buckets: readonly number[]): void {
  const ascending = buckets.every((bound, index) => Number.isFinite(bound) && bound > (buckets[index - 1] ?? -Infinity))
  if (ascending && buckets.length > 0) return
  throw new OptionError(
    `Received [${buckets.join(', ')}] as buckets of the histogram "${name}"; wanted finite numbers, each greater than the one before.`,
  )
}
