import type { LogRecord } from './log-record.ts'
import type { MetricSnapshot } from './metric-snapshot.ts'
import type { SpanRecord } from './span-record.ts'

/** What the application tells a sink about itself when it opens it. */
export interface TelemetrySource {
  /** The name of the application: `service.name` in OpenTelemetry. */
  readonly name: string
  /** All metrics with their values now. */
  metrics(): readonly MetricSnapshot[]
  /** Says once that something went wrong that the sink cannot mend, such as a collector that is down. Never leads back into the sink. */
  report(message: string, error?: unknown): void
}

/** What `telemetry.export` takes. Opened when the application starts, so that nothing is loaded before. */
export interface TelemetryExport {
  open(source: TelemetrySource): Promise<TelemetrySink>
}

/**
 * Where spans and log lines go, and who reads metrics: a local store, a collector. Its methods neither throw nor wait: what it cannot
 * take it drops and counts.
 */
export interface TelemetrySink {
  /** Takes spans that have ended and were sampled. */
  spans?(spans: readonly SpanRecord[]): void
  /** Takes a log line. */
  log?(record: LogRecord): void
  /** Resolves when what was taken has been written or sent, or given up. */
  flush(): Promise<void>
  /** Flushes, within a limit of its own, and lets go of everything. */
  close(): Promise<void>
}
