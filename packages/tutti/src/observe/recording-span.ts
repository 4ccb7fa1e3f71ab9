import type { TraceContext } from '../kernel/index.ts'
import { placeIn, type LocalTrace, type SpanBeginning } from './local-trace.ts'
import { exceptionOf } from './otel-span.ts'
import type { SpanEvent, SpanRecord } from './span-record.ts'
import { newSpanId } from './trace-id.ts'
import type { Span, SpanAttributes } from './tracer.ts'

/** What a span begins with. */
export interface RecordingSpanParts {
  readonly beginning: SpanBeginning
  /** When it began, by `performance.now()`. */
  readonly start: number
  readonly local: LocalTrace
  /** The span above this one. */
  readonly parent: TraceContext | undefined
  /** Whether it is the first span of its trace in this process. */
  readonly isFirst: boolean
  /** From how many milliseconds on the first span counts as slow. */
  readonly slow: number
  /** The same span at OpenTelemetry's global provider, where an application has registered one. */
  readonly forward: Span | undefined
}

/** What a span may hold, so that one that never ends does not fill the memory. */
const mostAttributes = 128
const mostEvents = 128
const none: readonly never[] = []

/** A span that Tutti records itself. Everything that is not needed in each span is made when it is. */
export class RecordingSpan implements Span {
  readonly #parts: RecordingSpanParts
  readonly #start: number
  readonly #isRecorded: boolean
  #name: string
  #place: TraceContext | undefined
  #attributes: Record<string, SpanAttributes[string]> | undefined
  #count = 0
  #events: SpanEvent[] | undefined
  #status: SpanRecord['status'] = 'unset'
  #statusMessage: string | undefined
  #duration: number | undefined

  constructor(parts: RecordingSpanParts) {
    this.#parts = parts
    this.#name = parts.beginning.name
    this.#start = parts.start
    this.#isRecorded = parts.local.begin()
  }

  get context(): TraceContext {
    return (this.#place ??= this.#locate())
  }

  get failed(): boolean {
    return this.#status === 'error'
  }

  updateName(name: string): void {
    this.#name = name
    this.#parts.forward?.updateName(name)
  }

  setAttribute(name: string, value: string | number | boolean | readonly string[]): void {
    const attributes = (this.#attributes ??= {})
    if (!(name in attributes) && ++this.#count > mostAttributes) return
    attributes[name] = value
    this.#parts.forward?.setAttribute(name, value)
  }

  setStatus(status: 'ok' | 'error', message?: string): void {
    this.#status = status
    this.#statusMessage = message
    this.#parts.forward?.setStatus(status, message)
  }

  recordError(error: unknown): void {
    const { name, message, stack } = exceptionOf(error)
    const attributes = {
      'exception.type': name,
      'exception.message': message,
      ...(stack !== undefined && { 'exception.stacktrace': stack }),
    }
    this.#note('exception', attributes)
    this.#status = 'error'
    this.#statusMessage = message
    this.#parts.forward?.recordError(error)
  }

  addEvent(name: string, attributes: SpanAttributes = {}): void {
    this.#note(name, attributes)
    this.#parts.forward?.addEvent(name, attributes)
  }

  activate<A, T>(work: (argument: A) => T, argument: A): T {
    const { forward } = this.#parts
    return forward === undefined ? work(argument) : forward.activate(work, argument)
  }

  end(time = performance.now()): void {
    if (this.#duration !== undefined) return
    this.#duration = time - this.#start
    const { local, isFirst, slow, forward } = this.#parts
    if (forward !== undefined) this.#endForward(forward)
    local.end(this, { isRecorded: this.#isRecorded, isFirst, isSlow: isFirst && this.#duration >= slow })
  }

  /** The span as it ended. */
  record(): SpanRecord {
    const {
      beginning: { scope, options },
      parent,
    } = this.#parts
    const { traceId, spanId, flags, state } = this.context
    const more = options.describe?.()
    return {
      traceId,
      spanId,
      parentId: parent?.spanId,
      state,
      flags,
      name: more?.name ?? this.#name,
      kind: options.kind ?? 'internal',
      scope,
      start: performance.timeOrigin + this.#start,
      duration: this.#duration ?? 0,
      status: this.#status,
      statusMessage: this.#statusMessage,
      attributes: this.#merged(options.attributes, more?.attributes),
      events: this.#events ?? none,
      links: options.links ?? none,
    }
  }

  /** All attributes; most spans have them from one side alone, and merging costs more than the rest of a record. */
  #merged(first: SpanAttributes | undefined, last: SpanAttributes | undefined): SpanAttributes {
    const own = this.#attributes
    if (own === undefined && (first === undefined || last === undefined)) return first ?? last ?? {}
    return { ...first, ...own, ...last }
  }

  #endForward(forward: Span): void {
    const more = this.#parts.beginning.options.describe?.()
    if (more?.name !== undefined) forward.updateName(more.name)
    for (const [name, value] of Object.entries(more?.attributes ?? {})) if (value !== undefined) forward.setAttribute(name, value)
    forward.end()
  }

  #locate(): TraceContext {
    const { forward, local, parent } = this.#parts
    const spanId = forward?.context?.spanId ?? newSpanId()
    // Ids of new traces are random, which version 2 of the recommendation has a flag for.
    const flags = (local.sampled ? 1 : 0) | (parent === undefined ? 2 : parent.flags & 2)
    return placeIn(local, spanId, parent?.state === undefined ? { flags } : { flags, state: parent.state })
  }

  #note(name: string, attributes: SpanAttributes): void {
    const events = (this.#events ??= [])
    if (events.length < mostEvents) events.push({ name, time: performance.timeOrigin + performance.now(), attributes })
  }
}
