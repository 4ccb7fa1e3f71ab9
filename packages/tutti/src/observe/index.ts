export { ambientTracer } from './ambient-tracer.ts'
export { payloadOf } from './payload.ts'
export { formatBaggage, parseBaggage } from './baggage.ts'
export { createLogger } from './create-logger.ts'
export type { LogDestination, LogFields, LogFormat, Logger, LogLevel, LogOptions, LogThreshold } from './logger.ts'
export { createMeter, type MeterOptions } from './create-meter.ts'
export { createTracer, disabledSpan, disabledTracer, hasTracerProvider } from './create-tracer.ts'
export type {
  BoundCounter,
  BoundHistogram,
  Counter,
  Histogram,
  HistogramOptions,
  InstrumentOptions,
  Labels,
  Meter,
  Observe,
} from './meter.ts'
export { defaultRegistry, MetricRegistry } from './metric-registry.ts'
export type { HistogramValues, InstrumentDefinition, MetricSnapshot, ValueSeries } from './metric-snapshot.ts'
export { inSpan, leafSpan, noteFailure, type NamedSpan } from './in-span.ts'
export type { LogRecord, LogTap } from './log-record.ts'
export { silentLogger } from './silent-logger.ts'
export type { SpanEvent, SpanRecord } from './span-record.ts'
export type { TelemetryExport, TelemetrySink, TelemetrySource } from './telemetry-sink.ts'
export { newSpanId, newTraceId } from './trace-id.ts'
export { formatTraceparent, parseTraceparent } from './traceparent.ts'
export { Tracing, type TracingOptions } from './tracing.ts'
export type { Span, SpanAttributes, SpanDescription, SpanKind, SpanOptions, Tracer } from './tracer.ts'
export { formatTracestate, parseTracestate, type TraceState } from './tracestate.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders.
export { Sampled } from './sampled.ts'
export { secretTest } from './secret-name.ts'
export { SeriesByLabels } from './series.ts'
