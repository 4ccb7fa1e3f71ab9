import { currentContext, runOutsideContext, type TraceContext } from '../kernel/index.ts'
import { DeferredSpan, type DeferredSpanHost, type DeferredStart } from './deferred-span.ts'
import { LocalTrace, localTraceOf, type SpanBeginning, type SpanHost } from './local-trace.ts'
import { createTracer, disabledSpan, hasTracerProvider } from './create-tracer.ts'
import { RecordingSpan } from './recording-span.ts'
import type { SpanRecord } from './span-record.ts'
import type { Span, Tracer } from './tracer.ts'

/** Which traces are kept, and who gets them. */
export interface TracingOptions {
  /** The share of new traces that are kept, from 0 to 1; a trace that came in is kept where its caller keeps it. */
  readonly sample: number
  /** From how many milliseconds on a trace is kept whatever the share says. Failed ones always are. */
  readonly slow: number
  /** Whether spans tell the data of commands, events and messages. @default false */
  readonly payloads?: boolean
  /** Gets spans some time after they have ended, many at a time. */
  readonly receive: (spans: readonly SpanRecord[]) => void
}

/** How long spans wait for others before they are handed on, in milliseconds. */
const gathering = 200
/** How many are handed on at a time at most: few, because what waits while garbage is collected costs more than handing it on. */
const largestBatch = 64

/** Makes the spans of one application. */
export class Tracing implements SpanHost, DeferredSpanHost {
  readonly #options: TracingOptions
  #ended: SpanRecord[] = []
  #timer: NodeJS.Timeout | undefined
  #listening = false

  constructor(options: TracingOptions) {
    this.#options = options
  }

  get slow(): number {
    return this.#options.slow
  }

  /** Whether spans are made: nobody may be there to get them. */
  get enabled(): boolean {
    return this.#listening || hasTracerProvider()
  }

  /** Begins to make spans, now that somebody gets them. */
  listen(): void {
    this.#listening = true
  }

  /** Hands on what has ended, and makes no more spans. */
  close(): void {
    this.#listening = false
    this.flush()
  }

  /** A tracer for the part of the application called `scope`. */
  tracer(scope: string): Tracer {
    const global = createTracer(scope)
    const isEnabled = (): boolean => this.enabled
    return {
      get enabled() {
        return isEnabled()
      },
      payloads: this.#options.payloads,
      startSpan: (name, options = {}) => this.start({ scope, global, name, options }),
    }
  }

  /** Hands on what has ended. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#ended.length === 0) return
    const spans = this.#ended
    this.#ended = []
    this.#options.receive(spans)
  }

  start(beginning: SpanBeginning): Span {
    if (!this.enabled) return disabledSpan
    const { global, name, options } = beginning
    const above = options.root === true ? undefined : (options.parent ?? currentContext()?.trace)
    // A parent that is named is elsewhere or was at another time: with it another part of the trace begins here.
    const going = options.parent === undefined ? localTraceOf(above) : undefined
    if (going?.isSilent === true) return disabledSpan
    const silent = options.silent === true
    const forward = hasTracerProvider() && !silent ? global.startSpan(name, options) : undefined
    if (going === undefined && forward === undefined && !silent) return new DeferredSpan(this, beginning, above)
    const isFirst = going === undefined || going.isOver
    const local = isFirst ? this.#begin(above, silent, forward?.context) : going
    const start = options.start ?? performance.now()
    return new RecordingSpan({ beginning, start, local, parent: above, isFirst, slow: this.slow, forward })
  }

  make(beginning: SpanBeginning, { parent, start, sampled }: DeferredStart): Span {
    const local = new LocalTrace({ traceId: parent?.traceId, sampled, silent: false }, this)
    return new RecordingSpan({ beginning, start, local, parent, isFirst: true, slow: this.slow, forward: undefined })
  }

  samples(parent: TraceContext | undefined): boolean {
    return parent === undefined ? Math.random() < this.#options.sample : (parent.flags & 1) === 1
  }

  #begin(parent: TraceContext | undefined, silent: boolean, forward: TraceContext | undefined): LocalTrace {
    // An application that has registered an SDK of OpenTelemetry has said there what to sample.
    const sampled = this.samples(parent ?? forward)
    return new LocalTrace({ traceId: parent?.traceId ?? forward?.traceId, sampled, silent }, this)
  }

  emit(record: SpanRecord): void {
    this.#ended.push(record)
    if (this.#ended.length >= largestBatch) this.flush()
    // Handing on is no part of the work that the span is about.
    else this.#timer ??= runOutsideContext(() => setTimeout(() => this.flush(), gathering).unref())
  }
}
