// What of OpenTelemetry's API is used when telemetry is exported.
export {
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  ValueType,
  type Attributes,
  type Context,
  type HrTime,
  type SpanContext,
} from '@opentelemetry/api'
