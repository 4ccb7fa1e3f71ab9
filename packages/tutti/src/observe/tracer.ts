import type { TraceContext } from '../kernel/index.ts'

/** Facts about a span or an event of it. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Which side of a call or a message a span is: OpenTelemetry's span kinds. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** How a span begins. */
export interface SpanOptions {
  /** @default 'internal' */
  readonly kind?: SpanKind
  readonly attributes?: SpanAttributes
  /** The span of another process that led to this one. @default the span that is going on here, else a new trace begins */
  readonly parent?: TraceContext
  /** Spans that belong to this one without being its parent, such as those of the messages in a batch. */
  readonly links?: readonly TraceContext[]
  /** When it began, by `performance.now()`. @default now */
  readonly start?: number
  /** Whether a new trace begins, whatever is going on here. @default false */
  readonly root?: boolean
  /** Whether neither this span nor any below it is kept. @default false */
  readonly silent?: boolean
  /** Tells more of the span when it ends; not called where nobody will see it. @default none */
  readonly describe?: () => SpanDescription
}

/** What is known of a span at its end. */
export interface SpanDescription {
  /** @default the name that it has */
  readonly name?: string
  readonly attributes: SpanAttributes
}

/** A piece of work in a trace. */
export interface Span {
  /** Where this span stands, to be passed on; `undefined` when nobody listens, so that a trace from outside is passed on as it came. */
  readonly context: TraceContext | undefined
  /** Gives the span another name, once more is known of the work. */
  updateName(name: string): void
  setAttribute(name: string, value: string | number | boolean | readonly string[]): void
  setStatus(status: 'ok' | 'error', message?: string): void
  /** Notes an error as an event and sets the status to `error`. */
  recordError(error: unknown): void
  addEvent(name: string, attributes?: SpanAttributes): void
  /** Does `work(argument)` so that OpenTelemetry's own instrumentations see this span as the one going on. */
  activate<A, T>(work: (argument: A) => T, argument: A): T
  /** Ends the span now, or at a time by `performance.now()`. Calls after it have no effect. */
  end(time?: number): void
}

/** Starts spans under one name. */
export interface Tracer {
  /** Whether anybody listens; without a listener, spans cost nothing. */
  readonly enabled: boolean
  /** Whether spans tell the data of commands, events and messages. @default false */
  readonly payloads?: boolean | undefined
  startSpan(name: string, options?: SpanOptions): Span
}
