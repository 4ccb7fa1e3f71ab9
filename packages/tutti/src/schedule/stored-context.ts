import { currentContext, deriveContext, type Actor, type Context, type TraceContext } from '../kernel/index.ts'

/** What is kept of the context in which something was asked for, until it is done. */
export interface StoredContext {
  readonly correlationId: string
  readonly causationId: string | undefined
  readonly trace: TraceContext | undefined
  readonly tenant: string | undefined
  readonly actor: Actor | undefined
}

/** The context of the caller as it can be stored; neither its deadline nor its signal are about what is done later. */
export function storedContext(): StoredContext | undefined {
  const context = currentContext()
  if (context === undefined) return undefined
  const { correlationId, causationId, trace, tenant, actor } = context
  return { correlationId, causationId, trace, tenant, actor }
}

/** The context of work that was asked for in another one, or by nobody. */
export function contextFrom(stored: StoredContext | undefined, causationId: string, signal: AbortSignal): Context {
  return deriveContext(stored && { ...stored, deadline: undefined, signal }, { causationId, signal })
}
