import type { TraceContext } from '../kernel/index.ts'
import type { SpanRecord } from './span-record.ts'
import { newTraceId } from './trace-id.ts'
import type { Span, SpanOptions, Tracer } from './tracer.ts'

/** Spans of an unsampled trace that are remembered until it is known whether the trace is kept: enough for a request. */
const mostHeld = 200

/** A span that has ended and can be written down. */
interface EndedSpan {
  readonly failed: boolean
  record(): SpanRecord
}

/** What makes and takes the spans of an application. */
export interface SpanHost {
  /** Starts a span; `global` is the tracer of OpenTelemetry's global provider for its scope. */
  start(beginning: SpanBeginning): Span
  /** Takes a span that has ended and is kept. */
  emit(record: SpanRecord): void
}

/** What a span is started from. */
export interface SpanBeginning {
  readonly scope: string
  readonly global: Tracer
  readonly name: string
  readonly options: SpanOptions
}

/** How a part of a trace begins. */
export interface LocalTraceStart {
  /** That of the trace which came in; without one a new trace begins. */
  readonly traceId: string | undefined
  readonly sampled: boolean
  /** Whether no span of it is kept, whatever happens in it. */
  readonly silent: boolean
}

/** The part of a trace that happens in this process, from the span that came in or began here to the last one below it. */
export class LocalTrace {
  readonly sampled: boolean
  readonly host: SpanHost
  #traceId: string | undefined
  #held: EndedSpan[] | undefined
  /** Spans that have begun. */
  #begun = 0
  /** Spans that have begun and not ended. */
  #open = 0
  #isFirstOver = false
  #state: 'undecided' | 'kept' | 'dropped' | 'silent'

  constructor({ traceId, sampled, silent }: LocalTraceStart, host: SpanHost) {
    this.#traceId = traceId
    this.sampled = sampled && !silent
    this.host = host
    this.#state = silent ? 'silent' : sampled ? 'kept' : 'undecided'
  }

  /** Drawn when it is asked for: most traces that are not sampled never need one. */
  get traceId(): string {
    return (this.#traceId ??= newTraceId())
  }

  /** Whether it was thrown away: what begins below it now is another part of the trace, with a chance of its own. */
  get isOver(): boolean {
    return this.#state === 'dropped'
  }

  /** Whether nothing below it is kept. */
  get isSilent(): boolean {
    return this.#state === 'silent'
  }

  /**
   * Counts a span in; false where its record would be too much to remember. Parents begin before their children, so that the spans which
   * are remembered are a tree without gaps.
   */
  begin(): boolean {
    this.#open++
    return this.#begun++ < mostHeld || this.sampled
  }

  /**
   * Takes a span that has ended. A trace that was not sampled is kept all the same once a span in it has failed or its first one was
   * slow, and thrown away when all of it has ended well.
   */
  end(span: EndedSpan, { isRecorded, isFirst, isSlow }: { isRecorded: boolean; isFirst: boolean; isSlow: boolean }): void {
    this.#open--
    if (isFirst) this.#isFirstOver = true
    if (this.#state === 'undecided') this.#decide(span, { isRecorded, isSlow })
    else if (this.#state === 'kept' && isRecorded) this.host.emit(span.record())
  }

  #decide(span: EndedSpan, { isRecorded, isSlow }: { isRecorded: boolean; isSlow: boolean }): void {
    if (span.failed || isSlow) {
      this.#state = 'kept'
      for (const one of this.#held ?? []) this.host.emit(one.record())
      this.#held = undefined
      if (isRecorded) this.host.emit(span.record())
    } else if (this.#isFirstOver && this.#open === 0) {
      this.#state = 'dropped'
      this.#held = undefined
    } else if (isRecorded) (this.#held ??= []).push(span)
  }
}

const localTrace: unique symbol = Symbol('local trace')

/** A place in a trace of this process: knows the trace, so that spans below it find it. A plain object otherwise, for places are stored. */
interface LocalPlace extends TraceContext {
  readonly [localTrace]: LocalTrace
}

/** The place of a span in a trace of this process. */
export function placeIn(local: LocalTrace, spanId: string, { flags, state }: Pick<TraceContext, 'flags' | 'state'>): TraceContext {
  const { traceId } = local
  const place: LocalPlace =
    state === undefined ? { traceId, spanId, flags, [localTrace]: local } : { traceId, spanId, flags, state, [localTrace]: local }
  return place
}

/** The trace of this process that a place is in; `undefined` for one from elsewhere, or from another time. */
export function localTraceOf(place: TraceContext | undefined): LocalTrace | undefined {
  return place !== undefined && isLocal(place) ? place[localTrace] : undefined
}

function isLocal(place: TraceContext): place is LocalPlace {
  return localTrace in place
}
