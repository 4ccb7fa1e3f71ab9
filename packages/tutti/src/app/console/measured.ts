import type { HistogramValues, Labels, MetricSnapshot } from '../../observe/index.ts'

/** What histograms and counters of the process have counted until now, in sums that can be subtracted from later ones. */
export interface Tally {
  readonly count: number
  readonly buckets: readonly number[]
  /** By bucket, not cumulative. */
  readonly counts: readonly number[]
}

export const noTally: Tally = { count: 0, buckets: [], counts: [] }

/** All series of a histogram that fit, as one. */
export function tallyOf(metrics: readonly MetricSnapshot[], name: string, fits: (labels: Labels) => boolean = () => true): Tally {
  const metric = metrics.find((one) => one.name === name)
  if (metric?.kind !== 'histogram') return noTally
  const series = metric.series.filter(({ labels }) => fits(labels))
  return { count: sum(series, ({ count }) => count), buckets: metric.buckets, counts: addCounts(series) }
}

/** All series of a counter or a gauge that fit, as one. */
export function totalOf(metrics: readonly MetricSnapshot[], name: string, fits: (labels: Labels) => boolean = () => true): number {
  const metric = metrics.find((one) => one.name === name)
  if (metric === undefined || metric.kind === 'histogram') return 0
  return sum(
    metric.series.filter(({ labels }) => fits(labels)),
    ({ value }) => value,
  )
}

/** What was counted between two tallies. */
export function between(earlier: Tally, later: Tally): Tally {
  return { ...later, count: later.count - earlier.count, counts: later.counts.map((count, i) => count - (earlier.counts[i] ?? 0)) }
}

function addCounts(series: readonly HistogramValues[]): readonly number[] {
  const counts: number[] = []
  for (const one of series) for (const [i, count] of one.counts.entries()) counts[i] = (counts[i] ?? 0) + count
  return counts
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
