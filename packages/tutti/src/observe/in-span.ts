import { currentContext, deriveContext, runInContext, spannedContext, TuttiError } from '../kernel/index.ts'
import { disabledSpan } from './create-tracer.ts'
import type { Span, SpanOptions, Tracer } from './tracer.ts'

/** A span with its name. */
export interface NamedSpan extends SpanOptions {
  readonly name: string
}

/**
 * Does `work` in a span: what it does and starts is part of the span, what it throws is noted, and the span ends when the work has. Where
 * nobody listens this is a plain call.
 */
export function inSpan<T>(tracer: Tracer, named: NamedSpan, work: (span: Span) => T): T {
  if (!tracer.enabled) return work(disabledSpan)
  const span = tracer.startSpan(named.name, named)
  return endWith(span, () => span.activate(() => runWithin(span, work), undefined))
}

/** Does `work` as a span that nothing is part of, such as a statement: it costs less than `inSpan`. */
export function leafSpan<T>(tracer: Tracer, named: NamedSpan, work: (span: Span) => T): T {
  if (!tracer.enabled) return work(disabledSpan)
  const span = tracer.startSpan(named.name, named)
  return endWith(span, () => span.activate(work, span))
}

/** Notes what work failed with: an error of the span, unless it only says that the caller asked for what cannot be. */
export function noteFailure(span: Span, error: unknown): void {
  if (error instanceof TuttiError && error.status < 500) span.setAttribute('error.type', error.code)
  else span.recordError(error)
}

function runWithin<T>(span: Span, work: (span: Span) => T): T {
  const { context: trace } = span
  if (trace === undefined) return work(span)
  const current = currentContext()
  return runInContext(current === undefined ? deriveContext(undefined, { trace }) : spannedContext(current, trace), work, span)
}

function endWith<T>(span: Span, work: () => T): T {
  try {
    const result = work()
    if (result instanceof Promise) return endLater(span, result) as T
    span.end()
    return result
  } catch (error) {
    noteFailure(span, error)
    span.end()
    throw error
  }
}

async function endLater<T>(span: Span, result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    noteFailure(span, error)
    throw error
  } finally {
    span.end()
  }
}
