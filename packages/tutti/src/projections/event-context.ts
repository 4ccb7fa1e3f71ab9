import type { Context, TraceContext } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'

/**
 * The context in which an event is handled: what led to the event led to this, and the event is its cause. `trace` is the span of the
 * handling, where there is one.
 */
export function contextOf(event: RecordedEvent, signal: AbortSignal, trace: TraceContext | undefined): Context {
  return {
    correlationId: event.correlationId ?? event.id,
    causationId: event.id,
    trace: trace ?? event.trace,
    tenant: event.tenant,
    actor: event.actor,
    deadline: undefined,
    signal,
  }
}
