import { currentContext, deriveContext, runInContext, spannedContext } from '../kernel/index.ts'
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
export function inSpan<T>(tracer: Tracer, { name, ...options }: NamedSpan, work: (span: Span) => T): T {
  if (!tracer.enabled) return work(disabledSpan)
  const span = tracer.startSpan(name, options)
  try {
    const result = span.activate(() => runWithin(span, work), undefined)
    if (result instanceof Promise) return endWith(span, result) as T
    span.end()
    return result
  } catch (error) {
    span.recordError(error)
    span.end()
    throw error
  }
}

function runWithin<T>(span: Span, work: (span: Span) => T): T {
  const { context: trace } = span
  if (trace === undefined) return work(span)
  const current = currentContext()
  return runInContext(current === undefined ? deriveContext(undefined, { trace }) : spannedContext(current, trace), work, span)
}

async function endWith<T>(span: Span, result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    span.recordError(error)
    throw error
  } finally {
    span.end()
  }
}
