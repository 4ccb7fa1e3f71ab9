// What of OpenTelemetry's API is used when telemetry is exported.
export {
  createTraceState,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  ValueType,
  type Attributes,
  type HrTime,
  type SpanContext,
} from '@opentelemetry/api'
