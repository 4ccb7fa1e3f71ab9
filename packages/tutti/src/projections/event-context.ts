import type { Context } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'

/** The context in which an event is handled: what led to the event led to this, and the event is its cause. */
export function contextOf(event: RecordedEvent, signal: AbortSignal): Context {
  return {
    correlationId: event.correlationId ?? event.id,
    causationId: event.id,
    trace: event.trace,
    tenant: event.tenant,
    actor: event.actor,
    deadline: undefined,
    signal,
  }
}
