import type { Actor, Baggage, Context, TraceContext } from './context.ts'

/** The same work at another place of its trace: everything else is as in the context that it comes from, also when that changes. */
class SpannedContext implements Context {
  readonly trace: TraceContext
  readonly #origin: Context

  constructor(origin: Context, trace: TraceContext) {
    this.#origin = origin
    this.trace = trace
  }

  static originOf(context: Context): Context {
    return #origin in context ? context.#origin : context
  }

  get correlationId(): string {
    return this.#origin.correlationId
  }

  get causationId(): string | undefined {
    return this.#origin.causationId
  }

  get baggage(): Baggage | undefined {
    return this.#origin.baggage
  }

  get tenant(): string | undefined {
    return this.#origin.tenant
  }

  get actor(): Actor | undefined {
    return this.#origin.actor
  }

  get deadline(): number | undefined {
    return this.#origin.deadline
  }

  get signal(): AbortSignal {
    return this.#origin.signal
  }
}

/** The context of a span within the work of `from`. */
export function spannedContext(from: Context, trace: TraceContext): Context {
  return new SpannedContext(SpannedContext.originOf(from), trace)
}

/** The context as it was before spans were opened in its work. */
export function unspannedContext(context: Context): Context {
  return SpannedContext.originOf(context)
}
