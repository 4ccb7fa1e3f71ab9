import type { HistogramValues, MetricSnapshot, ValueSeries } from 'tutti/telemetry'

/** Turns sums since the start of the process into what was added since the last time, for collectors that want that. */
export class Deltas {
  readonly #last = new Map<string, readonly number[]>()

  /** The metrics with what was added since the last call; series that stayed as they were are left out, gauges stay what they are. */
  since(snapshots: readonly MetricSnapshot[]): readonly MetricSnapshot[] {
    return snapshots.map((snapshot) => {
      switch (snapshot.kind) {
        case 'gauge':
          return snapshot
        case 'counter':
          return { ...snapshot, series: snapshot.series.flatMap((series) => this.#counter(snapshot.name, series)) }
        case 'histogram':
          return { ...snapshot, series: snapshot.series.flatMap((series) => this.#histogram(snapshot.name, series)) }
      }
    })
  }

  #counter(name: string, { labels, value }: ValueSeries): ValueSeries[] {
    const [added = 0] = this.#added(name, labels, [value])
    return added === 0 ? [] : [{ labels, value: added }]
  }

  #histogram(name: string, { labels, counts, sum, count }: HistogramValues): HistogramValues[] {
    const [addedSum = 0, addedCount = 0, ...addedCounts] = this.#added(name, labels, [sum, count, ...counts])
    return addedCount === 0 ? [] : [{ labels, counts: addedCounts, sum: addedSum, count: addedCount }]
  }

  #added(name: string, labels: ValueSeries['labels'], sums: readonly number[]): number[] {
    // The labels of a series are one object for as long as it lives, so their order stays.
    const key = `${name} ${JSON.stringify(labels)}`
    const last = this.#last.get(key)
    this.#last.set(key, sums)
    return sums.map((sum, index) => sum - (last?.[index] ?? 0))
  }
}
