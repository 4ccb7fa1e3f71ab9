import type { Viewable } from '../message/index.ts'
import { checkHandlers, type EventHandlers } from './event-handlers.ts'
import type { HandlersFor, ReadableSource } from './event-types.ts'
import type { MemoryContext } from './handler-context.ts'
import { checkName } from './policies.ts'
import type { MemoryView } from './views.ts'

/** How a read model in memory is kept. */
export interface MemoryProjectionOptions<S extends ReadableSource, State> {
  /** Whose events it is made of, such as aggregates. */
  readonly from: readonly S[]
  /** The state before the first event. */
  readonly initial: () => State
}

/** A read model in memory. */
export interface MemoryProjection<State = unknown> extends EventHandlers, Viewable<MemoryView<State>> {
  readonly kind: 'memory-projection'
  readonly name: string
  readonly initial: () => State
}

/**
 * Defines a read model in memory: every process builds its own from the beginning of the log, each time that it starts. A handler returns
 * the state behind the event, or changes the one it gets and returns nothing.
 */
export function memoryProjection<const S extends ReadableSource, State>(
  name: string,
  { from, initial }: MemoryProjectionOptions<S, State>,
  handlers: HandlersFor<S, MemoryContext<State>, State | void>,
): MemoryProjection<State> {
  checkName('memoryProjection', name, 1)
  return { kind: 'memory-projection', name, initial, ...checkHandlers(`memoryProjection ${name}`, from, handlers) }
}
