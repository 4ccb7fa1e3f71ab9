import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { newId } from '../../kernel/index.ts'
import type { HistogramValues, MetricSnapshot, ValueSeries } from '../../observe/index.ts'

/** What one series held when it was last written. */
interface Known {
  readonly id: number
  last: string | undefined
}

/** Series of one instrument that are kept; more would be a mistake in its labels. */
const mostSeries = 500

/** Writes the values of metrics, of each series only when it has changed. */
export class MetricSampler {
  /** Names this process: counters of several ones must not be taken for one. */
  readonly #process = newId()
  readonly #series: StatementSync
  readonly #sample: StatementSync
  readonly #point: StatementSync
  readonly #known = new Map<string, Known>()

  constructor(database: DatabaseSync) {
    this.#series = database.prepare(`
      insert into series (process, name, labels, kind, unit, buckets) values (?, ?, ?, ?, ?, ?)
      on conflict (name, labels, process) do update set kind = excluded.kind, unit = excluded.unit, buckets = excluded.buckets returning id`)
    this.#point = database.prepare('insert or replace into points values (?, ?, ?)')
    this.#sample = database.prepare('insert or ignore into samples values (?, ?)')
  }

  /** Forgets what was written, where the write did not last. */
  forget(): void {
    this.#known.clear()
  }

  write(snapshots: readonly MetricSnapshot[], time: number): void {
    this.#sample.run(this.#process, time)
    for (const snapshot of snapshots) {
      for (const series of snapshot.series.slice(0, mostSeries)) {
        const known = this.#find(snapshot, series)
        const value = JSON.stringify('value' in series ? series.value : { counts: series.counts, sum: series.sum, count: series.count })
        if (known.last === value) continue
        this.#point.run(known.id, time, value)
        known.last = value
      }
    }
  }

  #find(snapshot: MetricSnapshot, { labels }: ValueSeries | HistogramValues): Known {
    const text = JSON.stringify(labels)
    const key = `${snapshot.name} ${text}`
    let known = this.#known.get(key)
    if (known === undefined) {
      const buckets = snapshot.kind === 'histogram' ? JSON.stringify(snapshot.buckets) : null
      const row = this.#series.get(this.#process, snapshot.name, text, snapshot.kind, snapshot.unit ?? null, buckets)
      known = { id: Number(row?.['id']), last: undefined }
      this.#known.set(key, known)
    }
    return known
  }
}
