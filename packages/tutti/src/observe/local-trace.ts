import type { TraceContext } from '../kernel/index.ts'
import type { SpanRecord } from './span-record.ts'
import { newTraceId } from './trace-id.ts'

/** Spans of an unsampled trace that are remembered until it is known whether the trace is kept: enough for a request. */
const mostHeld = 200

/** A span that has ended and can be written down. */
interface EndedSpan {
  readonly failed: boolean
  record(): SpanRecord
}

/** The part of a trace that happens in this process, from the span that came in or began here to the last one below it. */
export class LocalTrace {
  readonly sampled: boolean
  readonly #emit: (record: SpanRecord) => void
  #traceId: string | undefined
  #held: EndedSpan[] = []
  #failed = false
  #state: 'undecided' | 'kept' | 'dropped'

  /** `traceId` is that of the trace which came in; without one a new trace begins. */
  constructor(traceId: string | undefined, sampled: boolean, emit: (record: SpanRecord) => void) {
    this.#traceId = traceId
    this.sampled = sampled
    this.#emit = emit
    this.#state = sampled ? 'kept' : 'undecided'
  }

  /** Drawn when it is asked for: most traces that are not sampled never need one. */
  get traceId(): string {
    return (this.#traceId ??= newTraceId())
  }

  /** Takes a span that is below the first one. */
  add(span: EndedSpan): void {
    if (this.#state === 'kept') this.#emit(span.record())
    else if (this.#state === 'undecided') {
      this.#failed ||= span.failed
      if (this.#held.length < mostHeld) this.#held.push(span)
    } else if (span.failed) this.#emit(span.record())
  }

  /** Takes the first span, which ends last: traces that were not sampled are kept all the same where they failed or were slow. */
  finish(root: EndedSpan, isSlow: boolean): void {
    if (this.#state === 'undecided') {
      this.#state = this.#failed || root.failed || isSlow ? 'kept' : 'dropped'
      if (this.#state === 'kept') for (const span of this.#held) this.#emit(span.record())
      this.#held = []
    }
    if (this.#state === 'kept') this.#emit(root.record())
  }
}

/** A place in a trace of this process: knows the trace, so that spans below it find it. */
export class LocalPlace implements TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
  declare readonly state?: string
  readonly #local: LocalTrace

  constructor(local: LocalTrace, spanId: string, { flags, state }: Pick<TraceContext, 'flags' | 'state'>) {
    this.traceId = local.traceId
    this.spanId = spanId
    this.flags = flags
    if (state !== undefined) this.state = state
    this.#local = local
  }

  /** The trace of this process that a place is in; `undefined` for one from elsewhere, or from another time. */
  static localOf(place: TraceContext): LocalTrace | undefined {
    return #local in place ? place.#local : undefined
  }
}
