// What `tutti/telemetry` exports: what exporters of spans, metrics and logs are made of.
export type {
  HistogramValues,
  InstrumentDefinition,
  Labels,
  LogRecord,
  MetricSnapshot,
  SpanAttributes,
  SpanEvent,
  SpanKind,
  SpanRecord,
  TelemetryExport,
  TelemetrySink,
  TelemetrySource,
  ValueSeries,
} from '../observe/index.ts'
