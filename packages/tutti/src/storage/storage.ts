import type { EventStore } from './event-store.ts'
import type { SqlDatabase } from './sql-database.ts'
import type { StateStore } from './state-store.ts'
import type { TransactionHandle } from './transaction-handle.ts'

/** What a backend can do beyond the least that all can. */
export interface StorageCapabilities {
  /** Data outlives the process. */
  readonly durable: boolean
  /** Several processes can share it. */
  readonly shared: boolean
  /** Users' own SQL runs in the same transactions. */
  readonly sql: boolean
  /** Readers in other processes are woken without polling. */
  readonly wakesOthers: boolean
  /** An open transaction lets other writers wait until it ends. @default false */
  readonly oneWriter?: boolean
  /** Statements that define tables are part of transactions, rather than ending them. @default true */
  readonly transactionalDdl?: boolean
}

/** One change of the schema that `migrate` has made or would make. */
export interface MigrationStep {
  readonly version: number
  readonly name: string
}

/** What `migrate` did. */
export interface MigrationReport {
  /** The schema's version before. */
  readonly from: number
  readonly to: number
  readonly steps: readonly MigrationStep[]
  /** Whether nothing was changed because only the report was asked for. */
  readonly dryRun: boolean
}

/** Work that commits or rolls back as one: events, documents and the user's own SQL. */
export interface Transaction extends TransactionHandle {
  readonly events: Pick<EventStore, 'append' | 'answered' | 'read' | 'page' | 'info' | 'truncate' | 'archive' | 'tombstone'>
  readonly state: Pick<StateStore, 'get' | 'getMany' | 'put' | 'write' | 'delete' | 'list'>
  /** The user's own tables; only where `capabilities.sql`. */
  readonly sql: SqlDatabase
  /** A nested transaction: what it wrote is undone if it throws, and the outer one goes on. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Does something once the outermost transaction has committed, and not at all if it does not. */
  onCommit(work: () => void): void
}

/** One backend: events, state and SQL under one transaction. */
export interface Storage extends AsyncDisposable {
  /** Such as `sqlite`. */
  readonly kind: string
  readonly capabilities: StorageCapabilities
  readonly events: EventStore
  readonly state: StateStore
  /** Throws `TUTTI_STORAGE_NO_SQL` where the backend has none. */
  readonly sql: SqlDatabase
  /** Commits what `work` did when it resolves, and rolls back when it throws. Within another transaction it is a nested one. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** The transaction that is going on around the call, which calls on `events`, `state` and `sql` join. */
  readonly running: Transaction | undefined
  /** Creates or updates the schema, under a lock. */
  migrate(options?: { readonly dryRun?: boolean }): Promise<MigrationReport>
  /** Rejects where the backend does not answer. */
  ping(): Promise<void>
  /** Waits for what is being written and closes connections. Idempotent. */
  close(): Promise<void>
}
