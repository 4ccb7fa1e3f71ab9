import type { Viewable, WaitForOptions } from '../message/index.ts'
import type { DeadLetter } from './dead-letters.ts'
import type { MemoryProjection } from './memory-projection.ts'
import type { Projection } from './projection.ts'
import type { ProjectionStatus } from './status.ts'
import type { Subscription } from './subscription.ts'

/** What can be run: read models and subscriptions. */
export type ProjectorDefinition = Projection | MemoryProjection | Subscription

/** Keeps read models up to date and runs subscriptions, together with the other processes that share the storage. */
export interface Projector extends AsyncDisposable {
  /** Begins to work. */
  start(): Promise<void>
  /** Ends after what is being handled, and gives the work to the others. Idempotent. */
  stop(): Promise<void>
  /**
   * Waits until a projection has handled everything up to a position: read your own writes. What is set aside as a dead letter counts as
   * handled. Throws `TUTTI_TIMEOUT`.
   */
  waitFor(projection: ProjectorDefinition | string, position: number, options?: WaitForOptions): Promise<void>
  /** How projections and subscriptions are, across all processes; those in memory have no status. */
  status(): Promise<readonly ProjectionStatus[]>
  /** What a projection holds: its state in this process where it is in memory, else its documents. */
  view<View>(projection: Viewable<View>): View
  /** All processes stop to handle events for it, until `resume`. */
  pause(projection: ProjectorDefinition | string): Promise<void>
  /** Goes on after `pause`, or after an event has stopped it: that one is tried again. */
  resume(projection: ProjectorDefinition | string): Promise<void>
  /** Builds a read model anew beside the present one, which serves until then. A subscription does everything again from a position on. */
  reset(projection: ProjectorDefinition | string, options?: { readonly from?: number }): Promise<void>
  /** Removes what versions have left that are neither read from nor being built. Resolves with their ids. */
  prune(projection: ProjectorDefinition | string): Promise<readonly string[]>
  /** Events that were set aside, oldest first. */
  deadLetters(projection: ProjectorDefinition | string): Promise<readonly DeadLetter[]>
  /** Handles dead letters again: soon, in the process that holds their segment. @default all of the projection */
  replay(projection: ProjectorDefinition | string, ids?: readonly string[]): Promise<number>
  /** Forgets dead letters; what was set aside behind them in their streams is handled. @default all of the projection */
  discard(projection: ProjectorDefinition | string, ids?: readonly string[]): Promise<number>
}
