import { currentContext, type TraceContext } from '../kernel/index.ts'
import { openTelemetry, type Attributes, type OtelSpan, type OtelTracer } from './open-telemetry.ts'
import type { Span, SpanAttributes, SpanKind, SpanOptions } from './tracer.ts'

type Api = ReturnType<typeof openTelemetry>
type OtelContext = ReturnType<Api['context']['active']>
type OtelSpanContext = ReturnType<OtelSpan['spanContext']>

const kinds: Readonly<Record<SpanKind, number>> = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 }
const statusOk = 1
const statusError = 2

/** Starts a span that OpenTelemetry records. */
export function startOtelSpan(tracer: OtelTracer, name: string, options: SpanOptions): Span {
  const api = openTelemetry()
  const span = tracer.startSpan(
    name,
    {
      kind: kinds[options.kind ?? 'internal'],
      attributes: attributesOf(options.attributes),
      root: options.root ?? false,
      links: (options.links ?? []).map((link) => ({ context: spanContextOf(api, link, true) })),
    },
    parentOf(api, options.parent),
  )
  return new RecordedSpan(api, span)
}

class RecordedSpan implements Span {
  readonly #api: Api
  readonly #span: OtelSpan
  #context: TraceContext | undefined

  constructor(api: Api, span: OtelSpan) {
    this.#api = api
    this.#span = span
  }

  get context(): TraceContext {
    return (this.#context ??= traceContextOf(this.#span.spanContext()))
  }

  updateName(name: string): void {
    this.#span.updateName(name)
  }

  setAttribute(name: string, value: string | number | boolean | readonly string[]): void {
    this.#span.setAttribute(name, typeof value === 'object' ? [...value] : value)
  }

  setStatus(status: 'ok' | 'error', message?: string): void {
    const code = status === 'ok' ? statusOk : statusError
    this.#span.setStatus(message === undefined ? { code } : { code, message })
  }

  recordError(error: unknown): void {
    const exception = exceptionOf(error)
    this.#span.recordException(exception)
    this.setStatus('error', exception.message)
  }

  addEvent(name: string, attributes?: SpanAttributes): void {
    this.#span.addEvent(name, attributesOf(attributes))
  }

  activate<A, T>(work: (argument: A) => T, argument: A): T {
    const { context, trace } = this.#api
    return context.with(trace.setSpan(context.active(), this.#span), () => work(argument))
  }

  end(): void {
    this.#span.end()
  }
}

/** What was thrown, as an error. */
export function exceptionOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(`Something that is not an Error was thrown, of type ${typeof error}.`)
}

/** The parent: what is given, else the innermost span of OpenTelemetry if it is in the trace of Tutti's context, else that context's span. */
function parentOf(api: Api, given: TraceContext | undefined): OtelContext {
  const active = api.context.active()
  if (given !== undefined) return api.trace.setSpanContext(active, spanContextOf(api, given, true))
  const current = currentContext()?.trace
  if (current === undefined || api.trace.getSpanContext(active)?.traceId === current.traceId) return active
  return api.trace.setSpanContext(active, spanContextOf(api, current, false))
}

function spanContextOf(api: Api, trace: TraceContext, isRemote: boolean): OtelSpanContext {
  const { traceId, spanId, flags: traceFlags, state } = trace
  if (state === undefined) return { traceId, spanId, traceFlags, isRemote }
  return { traceId, spanId, traceFlags, isRemote, traceState: api.createTraceState(state) }
}

function traceContextOf({ traceId, spanId, traceFlags: flags, traceState }: OtelSpanContext): TraceContext {
  const state = traceState?.serialize()
  return state === undefined || state === '' ? { traceId, spanId, flags } : { traceId, spanId, flags, state }
}

function attributesOf(attributes: SpanAttributes | undefined): Attributes {
  const copy: Attributes = {}
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined) copy[name] = typeof value === 'object' ? [...value] : value
  }
  return copy
}
