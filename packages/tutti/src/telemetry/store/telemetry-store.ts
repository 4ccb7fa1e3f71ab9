import type { Labels, LogLevel, LogRecord, SpanRecord, TelemetrySink } from '../../observe/index.ts'

/** A part of a long list, newest first. */
export interface TelemetryPage<T> {
  readonly items: readonly T[]
  /** Where the next part begins; `undefined` at the end. */
  readonly next: string | undefined
}

/** Bounds of what is looked for. */
export interface TimeRange {
  /** In milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
}

/** How much is told at a time. */
export interface PageBounds {
  /** The `next` of the part before. */
  readonly after?: string
  /** @default 100 */
  readonly limit?: number
}

/** Which traces. */
export interface TraceQuery extends TimeRange, PageBounds {
  /** In the names or the attributes of its spans, or its id. */
  readonly text?: string
  readonly status?: 'ok' | 'error'
  /** How long it took at least, in milliseconds. */
  readonly min?: number
  /** The name of its first span. */
  readonly name?: string
  /** Only these. @default all */
  readonly ids?: readonly string[]
}

/** A trace in a list. */
export interface TraceSummary {
  readonly traceId: string
  /** The name of its first span. */
  readonly name: string
  /** In milliseconds since 1970. */
  readonly start: number
  /** From its first span's start to its last one's end, in milliseconds. */
  readonly duration: number
  readonly spans: number
  readonly errors: number
}

/** A log line as it is kept. */
export interface StoredLog extends LogRecord {
  /** Names the line, in the order of writing. */
  readonly id: number
}

/** A whole trace. */
export interface StoredTrace {
  readonly traceId: string
  /** By start. */
  readonly spans: readonly SpanRecord[]
  readonly logs: readonly StoredLog[]
  /** Traces that link to this one. */
  readonly followedBy: readonly TraceSummary[]
}

/** Which log lines. */
export interface LogQuery extends TimeRange, PageBounds {
  /** The least grave level. @default 'trace' */
  readonly level?: LogLevel
  /** In the message or the fields. */
  readonly text?: string
  readonly component?: string
  readonly traceId?: string
}

/** Which values of an instrument over time. */
export interface SeriesQuery extends TimeRange {
  readonly name: string
  /** How far points are apart, in seconds. @default so that there are about 120 */
  readonly step?: number
}

/** How an instrument went: counters as rates per second, histograms as percentiles and the rate of what was recorded. */
export interface StoredSeries {
  readonly name: string
  readonly unit: string | undefined
  /** In milliseconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly SeriesLine[]
}

/** One line of a chart. */
export interface SeriesLine {
  readonly labels: Labels
  /** Which of the values of a histogram; `value` for a gauge. */
  readonly of: 'value' | 'rate' | 'p50' | 'p90' | 'p99'
  /** One for each time; `null` where nothing was measured. */
  readonly values: readonly (number | null)[]
}

/** Gets what was written, soon after. */
export interface TelemetryWatcher {
  spans?(spans: readonly SpanRecord[]): void
  logs?(logs: readonly StoredLog[]): void
}

/** Keeps spans, log lines and metrics of an application in a file of its own, bounded by age and size, for the Console. */
export interface TelemetryStore extends TelemetrySink {
  /** The traces that fit, newest first. */
  traces(query?: TraceQuery): TelemetryPage<TraceSummary>
  /** A trace with what was logged in it; `undefined` where nothing is known of it. */
  trace(traceId: string): StoredTrace | undefined
  /** The log lines that fit, newest first. */
  logs(query?: LogQuery): TelemetryPage<StoredLog>
  /** How an instrument went; without lines where nothing is known of it. */
  series(query: SeriesQuery): StoredSeries
  /** The latest spans, newest first, whatever trace they are in. @default 1,000 */
  recentSpans(limit?: number): readonly SpanRecord[]
  /** Tells what is written from now on. */
  watch(watcher: TelemetryWatcher): Disposable
  /** How many spans and lines were given up because more came than could be written. */
  readonly dropped: number
}

/** Where and how much telemetry is kept. */
export interface TelemetryStoreOptions {
  /** A file, or `:memory:`. */
  readonly path: string
  /** How long things are kept, in milliseconds. @default 3 days */
  readonly maxAge?: number
  /** How large the file may become, in bytes. @default 256 MiB */
  readonly maxSize?: number
  /** How often metrics are read, in milliseconds; 0 reads none. @default 5 seconds */
  readonly interval?: number
}
