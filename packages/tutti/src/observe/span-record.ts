import type { TraceContext } from '../kernel/index.ts'
import type { SpanAttributes, SpanKind } from './tracer.ts'

/** Something that happened at one moment of a span, such as an error. */
export interface SpanEvent {
  readonly name: string
  /** In milliseconds since 1970, with fractions. */
  readonly time: number
  readonly attributes: SpanAttributes
}

/** A span that has ended, as it is kept and exported. */
export interface SpanRecord {
  /** 32 lower-case hex digits. */
  readonly traceId: string
  /** 16 lower-case hex digits. */
  readonly spanId: string
  /** The span that this one is part of, here or in another process; `undefined` for the first of a trace. */
  readonly parentId: string | undefined
  /** The `tracestate` of the trace. */
  readonly state: string | undefined
  readonly flags: number
  readonly name: string
  readonly kind: SpanKind
  /** Which part of Tutti or of the application made it, such as `tutti.http`. */
  readonly scope: string
  /** In milliseconds since 1970, with fractions. */
  readonly start: number
  /** In milliseconds, with fractions. */
  readonly duration: number
  readonly status: 'unset' | 'ok' | 'error'
  readonly statusMessage: string | undefined
  readonly attributes: SpanAttributes
  readonly events: readonly SpanEvent[]
  /** Spans that this one follows from without being part of them, such as that of the request whose event is handled. */
  readonly links: readonly TraceContext[]
}
