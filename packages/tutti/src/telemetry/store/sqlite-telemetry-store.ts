import type { DatabaseSync } from 'node:sqlite'
import type { LogRecord, SpanRecord, TelemetrySource } from '../../observe/index.ts'
import { MetricSampler } from './metric-sampler.ts'
import { isBusy, openDatabase } from './open-database.ts'
import { prune } from './prune.ts'
import { readLogs } from './read-logs.ts'
import { readSeries } from './read-series.ts'
import { readRecentSpans, readTrace, readTraces } from './read-traces.ts'
import type {
  LogQuery,
  SeriesQuery,
  StoredLog,
  StoredSeries,
  StoredTrace,
  TelemetryPage,
  TelemetryStore,
  TelemetryStoreOptions,
  TelemetryWatcher,
  TraceQuery,
  TraceSummary,
} from './telemetry-store.ts'
import { Watchers } from './watchers.ts'
import { LogWriter } from './write-logs.ts'
import { SpanWriter } from './write-spans.ts'

const usualAge = 3 * 24 * 3_600_000
const usualSize = 256 * 1024 * 1024
const usualInterval = 5_000
/** How long things wait for others before they are written together, in milliseconds. */
const gathering = 250
/** So many spans are written without waiting for more: what is written at once holds the application up for about 2 ms. */
const largestWrite = 256
/** What waits to be written at most; more is given up, so that a flood costs neither memory nor the application's time. */
const mostWaiting = 5_000
const pruneInterval = 60_000
/** How long the first look at what is too much waits, and how long one after another at least, in milliseconds. */
const pruneSoon = 250
const pruneAgain = 20
const noSpans: readonly SpanRecord[] = []
const noLogs: readonly StoredLog[] = []

/** Telemetry in a SQLite file: written in batches, without waiting for the disk. */
export class SqliteTelemetryStore implements TelemetryStore {
  readonly #database: DatabaseSync
  readonly #source: TelemetrySource
  readonly #bounds: { readonly maxAge: number; readonly maxSize: number }
  readonly #spanWriter: SpanWriter
  readonly #logWriter: LogWriter
  readonly #sampler: MetricSampler
  readonly #watchers = new Watchers()
  readonly #sampling: NodeJS.Timeout | undefined
  #pruning: NodeJS.Timeout
  #writing: NodeJS.Timeout | undefined
  #spans: SpanRecord[] = []
  #logs: LogRecord[] = []
  /** Whether another process writes: asking again waits for it, which only the timer does. */
  #isHeldUp = false
  #dropped = 0
  #reported = false
  #closed = false

  constructor({ path, maxAge = usualAge, maxSize = usualSize, interval = usualInterval }: TelemetryStoreOptions, source: TelemetrySource) {
    this.#database = openDatabase(path)
    this.#source = source
    this.#bounds = { maxAge, maxSize }
    this.#spanWriter = new SpanWriter(this.#database)
    this.#logWriter = new LogWriter(this.#database)
    this.#sampler = new MetricSampler(this.#database)
    this.#sampling = interval > 0 ? setInterval(() => this.#sample(), interval).unref() : undefined
    this.#pruning = setTimeout(() => this.#prune(), pruneSoon).unref()
  }

  get dropped(): number {
    return this.#dropped
  }

  spans(spans: readonly SpanRecord[]): void {
    const room = mostWaiting - this.#spans.length
    for (const span of room < spans.length ? spans.slice(0, room) : spans) this.#spans.push(span)
    if (room < spans.length) this.#drop(spans.length - room)
    if (this.#spans.length >= largestWrite && !this.#isHeldUp) this.#write()
    else this.#schedule()
  }

  log(record: LogRecord): void {
    if (this.#logs.length < mostWaiting) this.#logs.push(record)
    else this.#drop(1)
    this.#schedule()
  }

  traces(query: TraceQuery = {}): TelemetryPage<TraceSummary> {
    this.#write()
    return readTraces(this.#database, query)
  }

  trace(traceId: string): StoredTrace | undefined {
    this.#write()
    return readTrace(this.#database, traceId)
  }

  logs(query: LogQuery = {}): TelemetryPage<StoredLog> {
    this.#write()
    return readLogs(this.#database, query)
  }

  series(query: SeriesQuery): StoredSeries {
    return readSeries(this.#database, query)
  }

  recentSpans(limit = 1_000): readonly SpanRecord[] {
    this.#write()
    return readRecentSpans(this.#database, limit)
  }

  watch(watcher: TelemetryWatcher): Disposable {
    return this.#watchers.add(watcher)
  }

  async flush(): Promise<void> {
    this.#write()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    clearInterval(this.#sampling)
    clearTimeout(this.#pruning)
    this.#sample()
    this.#write()
    this.#closed = true
    clearTimeout(this.#writing)
    this.#database.close()
  }

  #schedule(): void {
    this.#writing ??= setTimeout(() => {
      this.#writing = undefined
      this.#write()
    }, gathering).unref()
  }

  #write(): void {
    if (this.#closed || (this.#spans.length === 0 && this.#logs.length === 0)) return
    const written = this.#transact(() => {
      this.#spanWriter.write(this.#spans)
      return this.#logWriter.write(this.#logs)
    })
    this.#isHeldUp = written === 'busy'
    if (written === 'busy') return this.#schedule()
    const spans = this.#spans.length === 0 ? noSpans : this.#spans
    const waiting = this.#logs.length
    if (this.#spans.length > 0) this.#spans = []
    if (this.#logs.length > 0) this.#logs = []
    if (written === 'failed') this.#drop(spans.length + waiting)
    else this.#watchers.tell(spans, written)
  }

  #sample(): void {
    const done = this.#transact(() => {
      this.#sampler.write(this.#source.metrics(), Date.now())
      return noLogs
    })
    if (done === 'busy' || done === 'failed') this.#sampler.forget()
  }

  #prune(): void {
    const start = performance.now()
    let more = false
    try {
      more = prune(this.#database, this.#bounds, Date.now())
      // The next sample writes every series, so that those that do not change are not forgotten with what is old.
      if (!more) this.#sampler.forget()
    } catch (error) {
      if (!isBusy(error)) this.#report(error)
    }
    // While there is more, it takes a third of the application's time at most.
    const pause = more ? Math.max(pruneAgain, 2 * (performance.now() - start)) : pruneInterval
    this.#pruning = setTimeout(() => this.#prune(), pause).unref()
  }

  /** Does the work in a transaction. What another process holds up is tried again; what cannot be written is given up, and said once. */
  #transact(work: () => readonly StoredLog[]): readonly StoredLog[] | 'busy' | 'failed' {
    try {
      this.#database.exec('begin immediate')
      try {
        const done = work()
        this.#database.exec('commit')
        return done
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('rollback')
        throw error
      }
    } catch (error) {
      if (isBusy(error)) return 'busy'
      this.#report(error)
      return 'failed'
    }
  }

  #drop(count: number): void {
    this.#dropped += count
  }

  #report(error: unknown): void {
    if (this.#reported) return
    this.#reported = true
    this.#source.report('Telemetry cannot be kept; what happens is not shown in the Console. This is said once.', error)
  }
}
