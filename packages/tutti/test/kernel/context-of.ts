import type { Context } from '../../src/kernel/index.ts'

/** A context for tests. */
export function contextOf(parts: Partial<Context> = {}): Context {
  return {
    correlationId: 'c',
    causationId: undefined,
    trace: undefined,
    tenant: undefined,
    actor: undefined,
    deadline: undefined,
    signal: new AbortController().signal,
    ...parts,
  }
}
