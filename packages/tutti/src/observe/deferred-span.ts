import type { TraceContext } from '../kernel/index.ts'
import type { SpanBeginning } from './local-trace.ts'
import type { Span, SpanAttributes } from './tracer.ts'

/** What decides on deferred spans and makes them. */
export interface DeferredSpanHost {
  /** From how many milliseconds on a span is kept whatever its trace says. */
  readonly slow: number
  /** Whether a trace with this place above is kept; drawn where nothing is above. */
  samples(parent: TraceContext | undefined): boolean
  /** Makes the span that was deferred. */
  make(beginning: SpanBeginning, start: DeferredStart): Span
}

/** How a span that was deferred has begun. */
export interface DeferredStart {
  readonly parent: TraceContext | undefined
  /** By `performance.now()`. */
  readonly start: number
  readonly sampled: boolean
}

/**
 * The first span of a trace in this process, made once somebody asks for it: for its place, to be passed on, or to note something. Most
 * requests end well and quickly, and are not sampled: no span is made of one that needed none.
 */
export class DeferredSpan implements Span {
  readonly #host: DeferredSpanHost
  readonly #beginning: SpanBeginning
  readonly #parent: TraceContext | undefined
  readonly #start: number
  #span: Span | undefined
  #isOver = false

  constructor(host: DeferredSpanHost, beginning: SpanBeginning, parent: TraceContext | undefined) {
    this.#host = host
    this.#beginning = beginning
    this.#parent = parent
    this.#start = beginning.options.start ?? performance.now()
  }

  get context(): TraceContext | undefined {
    return this.#made.context
  }

  updateName(name: string): void {
    this.#made.updateName(name)
  }

  setAttribute(name: string, value: string | number | boolean | readonly string[]): void {
    this.#made.setAttribute(name, value)
  }

  setStatus(status: 'ok' | 'error', message?: string): void {
    this.#made.setStatus(status, message)
  }

  recordError(error: unknown): void {
    this.#made.recordError(error)
  }

  addEvent(name: string, attributes?: SpanAttributes): void {
    this.#made.addEvent(name, attributes)
  }

  activate<A, T>(work: (argument: A) => T, argument: A): T {
    return work(argument)
  }

  end(time = performance.now()): void {
    if (this.#isOver) return
    this.#isOver = true
    const isSampled = this.#span === undefined && this.#host.samples(this.#parent)
    if (isSampled || time - this.#start >= this.#host.slow) this.#span ??= this.#make(isSampled)
    this.#span?.end(time)
  }

  get #made(): Span {
    if (this.#span === undefined) {
      this.#span = this.#make(!this.#isOver && this.#host.samples(this.#parent))
      // It was thrown away: what begins below it now is another part of the trace.
      if (this.#isOver) this.#span.end(this.#start)
    }
    return this.#span
  }

  #make(sampled: boolean): Span {
    return this.#host.make(this.#beginning, { parent: this.#parent, start: this.#start, sampled })
  }
}
