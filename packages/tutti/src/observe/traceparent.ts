import type { TraceContext } from '../kernel/index.ts'
import { parseTracestate } from './tracestate.ts'

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

/** The flags that version 00 knows: sampled, and random trace id (level 2). Others must not be passed on. */
const knownFlags = 0b11

/**
 * Reads the `traceparent` header, and `tracestate` beside it (W3C Trace Context, sections 3.2 and 3.3).
 * Gives `undefined` for an invalid `traceparent`, which has to be treated as absent; an invalid `tracestate` alone is left out.
 */
export function parseTraceparent(traceparent: string | undefined, tracestate?: string): TraceContext | undefined {
  if (traceparent === undefined) return undefined
  const [, version, traceId, spanId, flags, rest] = pattern.exec(traceparent) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === 'ff' || traceId === noTrace || spanId === noSpan) return undefined
  // Only versions to come may say more.
  if (version === '00' && rest !== undefined) return undefined
  const trace = { traceId, spanId, flags: Number.parseInt(flags, 16) & knownFlags }
  if (tracestate === undefined || tracestate === '' || parseTracestate(tracestate) === undefined) return trace
  return { ...trace, state: tracestate }
}

/** Writes the `traceparent` header in version 00. */
export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-0${trace.flags & knownFlags}`
}
