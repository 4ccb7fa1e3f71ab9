import type { LogRecord, MetricSnapshot, SpanRecord, TelemetrySource } from 'tutti/telemetry'

/** A span of that name that has ended. */
export function span(name: string, more: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    parentId: undefined,
    state: undefined,
    flags: 1,
    name,
    kind: 'internal',
    scope: 'tutti.http',
    start: 1_700_000_000_000.25,
    duration: 12.5,
    status: 'unset',
    statusMessage: undefined,
    attributes: {},
    events: [],
    links: [],
    ...more,
  }
}

export function spans(count: number, from = 0): SpanRecord[] {
  return Array.from({ length: count }, (_, index) => span(`span ${from + index}`))
}

export function logLine(message: string, more: Partial<LogRecord> = {}): LogRecord {
  return { time: 1_700_000_000_123, level: 'info', message, fields: {}, ...more }
}

/** An application that has these metrics, and keeps what is reported to it. */
export class TestSource implements TelemetrySource {
  readonly name = 'shop'
  readonly reports: string[] = []
  values: readonly MetricSnapshot[] = []

  metrics(): readonly MetricSnapshot[] {
    return this.values
  }

  report(message: string): void {
    this.reports.push(message)
  }
}
