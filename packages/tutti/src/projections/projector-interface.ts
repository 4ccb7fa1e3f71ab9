import type { Duration } from '../kernel/index.ts'
import type { Document, ListOptions, SqlFragment } from '../storage/index.ts'
import type { DeadLetter } from './dead-letters.ts'
import type { MemoryProjection } from './memory-projection.ts'
import type { MemoryView } from './memory-runner.ts'
import type { Projection } from './projection.ts'
import type { ProjectionStatus } from './status.ts'
import type { Subscription } from './subscription.ts'

/** What can be run: read models and subscriptions. */
export type ProjectorDefinition = Projection | MemoryProjection | Subscription

/** How long, and for what, is waited. */
export interface WaitForOptions {
  /** @default '5s' */
  readonly timeout?: Duration
  /** Waits only until the events of this stream are handled up to there. @default all streams */
  readonly stream?: string
  readonly signal?: AbortSignal
}

/** The documents of a projection's live version. */
export interface DocumentView {
  get<T = unknown>(id: string): Promise<T | undefined>
  /** Those whose ids begin with `prefix`, in the order of their keys. */
  list<T = unknown>(prefix?: string, options?: Omit<ListOptions, 'tx'>): Promise<readonly Document<T>[]>
  /** The name of a table of the live version's own, such as `orders_v2`: put it into a template. */
  table(name: string): SqlFragment
}

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
  /** What a projection in memory holds in this process. */
  view<State>(projection: MemoryProjection<State>): MemoryView<State>
  /** What a projection holds as documents. */
  view(projection: Projection): DocumentView
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
