import type { Actor, Context, TraceContext } from './context.ts'
import { newId } from './id.ts'

/** What differs in a context from the one that it comes from. */
export interface ContextChanges {
  readonly causationId?: string
  readonly trace?: TraceContext
  readonly tenant?: string
  readonly actor?: Actor
  readonly deadline?: number
  readonly signal?: AbortSignal
}

const never = new AbortController().signal

/** The context of work that comes from other work, or of work that nothing caused. The earlier deadline and either signal count. */
export function deriveContext(from: Context | undefined, changes: ContextChanges = {}): Context {
  const { signal, deadline } = changes
  const signals = [from?.signal, signal].filter((item) => item !== undefined)
  return {
    correlationId: from?.correlationId ?? newId(),
    causationId: changes.causationId ?? from?.causationId,
    trace: changes.trace ?? from?.trace,
    ...(from?.baggage && { baggage: from.baggage }),
    tenant: changes.tenant ?? from?.tenant,
    actor: changes.actor ?? from?.actor,
    deadline: deadline === undefined ? from?.deadline : Math.min(deadline, from?.deadline ?? Number.POSITIVE_INFINITY),
    signal: signals.length > 1 ? AbortSignal.any(signals) : (signals[0] ?? never),
  }
}
