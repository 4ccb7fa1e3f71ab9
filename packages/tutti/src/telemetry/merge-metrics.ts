import { SeriesByLabels, type HistogramValues, type Labels, type MetricSnapshot, type ValueSeries } from '../observe/index.ts'

/** What one of several worker processes has measured. */
export interface MetricsOfWorker {
  /** Its place among them, from 0; who replaces it has the same. */
  readonly worker: number
  readonly metrics: readonly MetricSnapshot[]
}

type ValueMetric = Extract<MetricSnapshot, { readonly kind: 'counter' | 'gauge' }>
type HistogramMetric = Extract<MetricSnapshot, { readonly kind: 'histogram' }>

/** The metrics of several workers as one: counters and histograms are added up, `before` included; gauges say whose they are. */
export function mergeMetrics(workers: readonly MetricsOfWorker[], before: readonly MetricSnapshot[]): MetricSnapshot[] {
  const merged = sumMetrics([before, ...workers.map(({ metrics }) => metrics)])
  const gauges = new Map<string, ValueMetric & { readonly series: ValueSeries[] }>()
  for (const { worker, metrics } of workers) {
    for (const metric of metrics) {
      if (metric.kind !== 'gauge') continue
      const gauge = gauges.get(metric.name) ?? { ...metric, series: [] }
      gauges.set(metric.name, gauge)
      for (const { labels, value } of metric.series) {
        // What is no finite number comes from another process as null.
        if (Number.isFinite(value)) gauge.series.push({ labels: { ...labels, worker }, value })
      }
    }
  }
  return [...merged, ...gauges.values()]
}

/** Counters and histograms added up by their labels; gauges are left out. */
export function sumMetrics(parts: readonly (readonly MetricSnapshot[])[]): MetricSnapshot[] {
  const sums = new Map<string, CounterSum | HistogramSum>()
  for (const metric of parts.flat()) {
    if (metric.kind === 'gauge') continue
    const sum = sums.get(metric.name) ?? (metric.kind === 'histogram' ? new HistogramSum(metric) : new CounterSum(metric))
    sums.set(metric.name, sum)
    sum.add(metric)
  }
  return Array.from(sums.values(), (sum) => sum.snapshot())
}

class CounterSum {
  readonly #metric: ValueMetric
  readonly #series: SeriesByLabels<{ readonly labels: Labels; value: number }>

  constructor(metric: ValueMetric) {
    this.#metric = metric
    this.#series = new SeriesByLabels(metric.name, (labels) => ({ labels, value: 0 }))
  }

  add(metric: MetricSnapshot): void {
    if (metric.kind !== 'counter') return
    for (const { labels, value } of metric.series) this.#series.get(labels).value += value
  }

  snapshot(): MetricSnapshot {
    return { ...this.#metric, series: [...this.#series.values()] }
  }
}

class HistogramSum {
  readonly #metric: HistogramMetric
  readonly #series: SeriesByLabels<{ readonly labels: Labels; readonly counts: number[]; sum: number; count: number }>

  constructor(metric: HistogramMetric) {
    this.#metric = metric
    const empty = (): number[] => [...metric.buckets, Infinity].map(() => 0)
    this.#series = new SeriesByLabels(metric.name, (labels) => ({ labels, counts: empty(), sum: 0, count: 0 }))
  }

  add(metric: MetricSnapshot): void {
    // Workers of different versions may sort differently while they are renewed; such values cannot be added.
    if (metric.kind !== 'histogram' || !sameBuckets(metric, this.#metric)) return
    for (const values of metric.series) this.#addTo(this.#series.get(values.labels), values)
  }

  snapshot(): MetricSnapshot {
    return { ...this.#metric, series: [...this.#series.values()] }
  }

  #addTo(total: { readonly counts: number[]; sum: number; count: number }, { counts, sum, count }: HistogramValues): void {
    for (const [bucket, more] of counts.entries()) total.counts[bucket] = (total.counts[bucket] ?? 0) + more
    total.sum += sum
    total.count += count
  }
}

function sameBuckets({ buckets: a }: HistogramMetric, { buckets: b }: HistogramMetric): boolean {
  return a.length === b.length && a.every((bound, index) => bound === b[index])
}
