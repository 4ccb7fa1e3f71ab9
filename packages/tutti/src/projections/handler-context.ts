import type { Logger } from '../observe/index.ts'
import type { Document, ListOptions, SqlDatabase, SqlFragment, Transaction } from '../storage/index.ts'

/** How a projection's document is written. */
export interface DocumentFields {
  /** @default none */
  readonly status?: string
  /** In milliseconds since 1970. @default none */
  readonly due?: number
  /** @default none */
  readonly tenant?: string
}

/**
 * The documents of a projection, each version with its own. What is put is written at the end of the batch, in its transaction. What `get`
 * gives is shared within the batch: change it only to put it back.
 */
export interface ProjectionDocuments {
  get<T = unknown>(id: string): Promise<T | undefined>
  put(id: string, value: unknown, fields?: DocumentFields): void
  delete(id: string): void
  /** Those whose ids begin with `prefix`, what was put before included. */
  list<T = unknown>(prefix?: string, options?: Omit<ListOptions, 'tx'>): Promise<readonly Document<T>[]>
}

/** What `setup` and `teardown` of a projection get. */
export interface BuildContext {
  readonly tx: Transaction
  readonly sql: SqlDatabase
  /** The version that is set up or taken down. */
  readonly version: number
  /** The name of a table of this version's own, such as `orders_v2`: put it into a template. */
  readonly table: (name: string) => SqlFragment
}

/** What a projection's handler gets beside the event. Everything written through it commits together with the checkpoint. */
export interface ProjectionContext extends BuildContext {
  readonly documents: ProjectionDocuments
  /** Whether the event is handled again, or for the first time long after it happened: nobody must hear of it a second time. */
  readonly replaying: boolean
  /** Which attempt this is, from 1. */
  readonly attempt: number
  readonly log: Logger
  /** Fires when the handler took too long or the lease was lost. */
  readonly signal: AbortSignal
  /** Does something once the batch has committed: not at all if it does not, nor while `replaying`. Lost if the process dies in between. */
  readonly afterCommit: (work: () => void) => void
}

/** What the handler of a projection in memory gets beside the event. */
export interface MemoryContext<State> {
  /** The state before the event. Return the state behind it, or change this one and return nothing. */
  readonly state: State
}

/** What a subscription's handler gets beside the event. */
export interface SubscriptionContext {
  /** Which attempt this is, from 1. The event's `id` is the same in all of them: use it to do things once. */
  readonly attempt: number
  readonly log: Logger
  /** Fires when the handler took too long. */
  readonly signal: AbortSignal
}
