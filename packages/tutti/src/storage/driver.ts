import type { EncodedEvent, EventRow } from '../message/index.ts'
import type { SqlDatabase, SqlResult } from './sql-database.ts'
import type { MigrationReport, StorageCapabilities } from './storage.ts'

/**
 * What a backend implements; `createStorage` makes a `Storage` of it, with group commit, encoding, ambient transactions and paging. A
 * driver only moves texts and numbers.
 */
export interface StorageDriver {
  readonly kind: string
  readonly capabilities: StorageCapabilities
  /** How many commits may be under way at a time: 1 where there is one writer. */
  readonly lanes: number
  /** Reads outside of transactions. */
  readonly reader: DriverReader
  /** The user's own tables, outside of transactions. */
  readonly sql: DriverSql | undefined
  /**
   * Commits units of writes together: one round trip, one fsync. The result of a unit that has to wait for others may come later. Each unit takes effect as a whole or not at all, and sees those before it;
   * one that conflicts does not fail its neighbours. Rejects only where the commit as such failed: then nothing of it was written, unless
   * the error's `details.outcome` is `'unknown'`. An error that is no `TuttiError` is taken for the fault of some unit, and the units are
   * committed again in smaller groups to find it; so a backend that is down or busy must say so with a `TuttiError`.
   */
  commit(units: readonly Unit[]): Promise<readonly (UnitResult | Promise<UnitResult>)[]>
  /** Begins a transaction that lasts over several calls. */
  begin(): Promise<DriverTransaction>
  /** Calls back when a commit by another process may have brought events. */
  onWake?(listener: () => void): void
  migrate(options: { readonly dryRun: boolean }): Promise<MigrationReport>
  ping(): Promise<void>
  close(): Promise<void>
}

/** Reads. */
export interface DriverReader {
  /** Events of a stream from a version on, in the direction asked for. Events of archived streams as well. */
  stream(stream: string, page: StreamPage): Promise<readonly EventRow[]>
  /**
   * Events of all streams with the filters; tombstoned events are gone. Fewer than `limit` only where nothing is left. `position` is as in
   * `EventPage`: of a full page that of its last event or more, else the head, and never less than `after`.
   */
  all(page: AllPage): Promise<{ readonly rows: readonly EventRow[]; readonly position: number }>
  streamState(stream: string): Promise<StreamState | undefined>
  /** Streams in the order of their names, archived and tombstoned ones as well. */
  streams(query: StreamsQuery): Promise<readonly NamedStream[]>
  /** The position up to which readers may read. */
  head(): Promise<number>
  documents(keys: readonly string[]): Promise<readonly (DocumentRow | undefined)[]>
  list(query: ListQuery): Promise<readonly DocumentRow[]>
  /** How many documents with keys that begin like that have which status; those without one are left out. */
  count(prefix: string): Promise<readonly StatusCount[]>
}

/** A transaction that lasts over several calls; calls do not overlap. */
export interface DriverTransaction extends DriverReader {
  readonly sql: DriverSql | undefined
  apply(unit: Unit): Promise<UnitResult>
  savepoint(name: string): Promise<void>
  /** Undoes everything since the savepoint. Its name is not used again. */
  rollbackTo(name: string): Promise<void>
  release(name: string): Promise<void>
  /**
   * Ends the transaction, whatever comes of it. Rejects where nothing was committed, unless `details.outcome` is `'unknown'`; also where a
   * statement had failed and the backend would roll back instead.
   */
  commit(): Promise<void>
  /** Ends the transaction, whatever comes of it. */
  rollback(): Promise<void>
}

/** Runs users' own statements. */
export interface DriverSql {
  readonly dialect: SqlDatabase['dialect']
  /** `text` has placeholders in the backend's own style: `$1`, `$2` … on PostgreSQL, `?` elsewhere. */
  query(text: string, values: readonly unknown[]): Promise<SqlResult>
  /**
   * Runs statements in order, in as few round trips as it can, and none behind one that fails. Outside of a transaction they have one of
   * their own. @default one `query` after the other
   */
  queryAll?(statements: readonly DriverStatement[]): Promise<StatementsOutcome>
}

export interface DriverStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** What statements gave that ran in order. */
export interface StatementsOutcome {
  /** Of those that did not fail. */
  readonly results: readonly SqlResult[]
  /** Why the one behind the last result failed. @default none did */
  readonly failure?: { readonly error: unknown } | undefined
}

export interface StreamPage {
  readonly from: number
  readonly to: number
  readonly limit: number
  readonly backwards: boolean
}

export interface AllPage {
  readonly after: number
  readonly limit: number
  readonly backwards: boolean
  readonly types: readonly string[] | undefined
  /** Prefixes of stream names. */
  readonly streams: readonly string[] | undefined
  readonly tenant: string | undefined
  readonly archived: boolean
}

export interface StreamState {
  readonly version: number
  readonly first: number
  readonly archived: boolean
  readonly tombstoned: boolean
}

/** A stream with its name. */
export interface NamedStream extends StreamState {
  readonly stream: string
}

export interface StreamsQuery {
  readonly prefix: string
  /** Behind this name. */
  readonly after: string | undefined
  readonly limit: number
}

export interface StatusCount {
  readonly status: string
  readonly count: number
}

export interface DocumentRow {
  readonly key: string
  /** JSON, and the hints of its dates, bigints and bytes as JSON. */
  readonly value: string
  readonly hints: string | null
  readonly version: number
  readonly status: string | null
  readonly due: number | null
  readonly tenant: string | null
  readonly owner: string | null
  readonly leaseUntil: number | null
  readonly epoch: number
  readonly updatedAt: number
}

export interface ListQuery {
  readonly prefix: string
  readonly status: string | undefined
  readonly tenant: string | undefined
  readonly dueBefore: number | undefined
  readonly after: string | undefined
  /** From the last key to the first; `after` is then before which key. Not together with `dueBefore`. */
  readonly backwards: boolean
  readonly limit: number
}

/** Writes that take effect together. */
export interface Unit {
  readonly writes: readonly Write[]
}

export type Write = AppendWrite | PutWrite | DeleteWrite | ClaimWrite | RenewWrite | StreamWrite | ForgetKeysWrite

/** Numbers for what a stream must be, beside versions: -1 not there, -2 anything, -3 there. */
export const expectation = { none: -1, any: -2, exists: -3 } as const

export interface AppendWrite {
  readonly kind: 'append'
  readonly stream: string
  /** A version from 0 on, or one of `expectation`. */
  readonly expected: number
  readonly key: string | undefined
  readonly events: readonly EncodedEvent[]
  readonly tenant: string | undefined
  /** Milliseconds since 1970. */
  readonly time: number
}

export interface PutWrite {
  readonly kind: 'put'
  readonly key: string
  readonly value: string
  readonly hints: string | undefined
  readonly ifVersion: number | undefined
  readonly epoch: number | undefined
  readonly status: string | undefined
  readonly due: number | undefined
  readonly tenant: string | undefined
  readonly release: boolean
  /** Owner and lease that it gets, with the next epoch. Never together with `release`. */
  readonly claim: { readonly owner: string; readonly until: number } | undefined
  readonly time: number
}

export interface DeleteWrite {
  readonly kind: 'delete'
  readonly key: string
  readonly ifVersion: number | undefined
  readonly epoch: number | undefined
}

export interface ClaimWrite {
  readonly kind: 'claim'
  /** Such as `runs`: documents whose keys begin with `runs/`. */
  readonly collection: string
  readonly status: string | undefined
  readonly owner: string
  readonly now: number
  readonly until: number
  readonly limit: number
}

export interface RenewWrite {
  readonly kind: 'renew'
  readonly claims: readonly { readonly key: string; readonly epoch: number }[]
  readonly owner: string
  readonly until: number
}

export interface StreamWrite {
  readonly kind: 'truncate' | 'archive' | 'restore' | 'tombstone'
  readonly stream: string
  /** For `truncate`: events below this version go. */
  readonly before: number
}

export interface ForgetKeysWrite {
  readonly kind: 'forget-keys'
  /** Milliseconds since 1970. */
  readonly before: number
}

/** What a unit did, or why it did nothing. */
export type UnitResult =
  | { readonly ok: true; readonly results: readonly WriteResult[] }
  | { readonly ok: false; readonly conflict: Conflict }

/** What a write did; which members are there depends on its kind. */
export type WriteResult =
  | { readonly kind: 'append'; readonly version: number; readonly position: number; readonly duplicate: boolean }
  | { readonly kind: 'put'; readonly version: number }
  | { readonly kind: 'delete'; readonly existed: boolean }
  | { readonly kind: 'claim'; readonly documents: readonly DocumentRow[] }
  | { readonly kind: 'renew'; readonly keys: readonly string[] }
  | { readonly kind: 'stream' }
  | { readonly kind: 'forget-keys'; readonly count: number }

/** Which write of a unit met something unexpected, and what. */
export interface Conflict {
  readonly write: number
  readonly reason: 'version' | 'archived' | 'tombstoned' | 'document' | 'epoch'
  /** The version or epoch that is there; 0 for nothing. */
  readonly actual: number
}
