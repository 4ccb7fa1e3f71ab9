export { memoryStorage } from './memory/memory-storage.ts'
export { sqliteStorage, type SqliteStorageOptions } from './sqlite/sqlite-storage.ts'
export { createStorage, type StorageOptions } from './create-storage.ts'
export { SplitStorage } from './split-storage.ts'
export type { MigrationReport, MigrationStep, Storage, StorageCapabilities, Transaction } from './storage.ts'
export type {
  AppendOptions,
  Appended,
  EventPage,
  EventReader,
  EventStore,
  ReadAllOptions,
  ReadOptions,
  StreamInfo,
  StreamsOptions,
} from './event-store.ts'
export type { ClaimOptions, Document, DocumentChange, ListOptions, PutOptions, StateStore } from './state-store.ts'
export type { SqlBatchResults, SqlDatabase, SqlFragment, SqlResult, SqlRow, SqlStatement } from './sql-database.ts'
export type { TransactionHandle } from './transaction-handle.ts'
export { DocumentConflictError, LeaseLostError, SqlBatchError, StorageError, StreamConflictError, type Expected } from './errors.ts'

// Symbols above are relevant to applications. Symbols below only for adapters, tools and Tutti's other folders.
export {
  expectation,
  type AllPage,
  type AppendWrite,
  type ClaimWrite,
  type Conflict,
  type DeleteWrite,
  type DocumentRow,
  type DriverReader,
  type DriverStatement,
  type DriverTransaction,
  type DriverSql,
  type ForgetKeysWrite,
  type ListQuery,
  type NamedStream,
  type PutWrite,
  type RenewWrite,
  type StatementsOutcome,
  type StorageDriver,
  type StatusCount,
  type StreamPage,
  type StreamsQuery,
  type StreamState,
  type StreamWrite,
  type Unit,
  type UnitResult,
  type Write,
  type WriteResult,
} from './driver.ts'
export type { GroupCommitLimits } from './group-commit.ts'
export { isUnavailable } from './errors.ts'
export { PoolMetrics, type PoolMetricsOptions, type PoolPurpose, type PoolState } from './pool-metrics.ts'
export { readInSpans, type PositionSpan } from './read-in-spans.ts'
export { firstWord } from './sql/first-word.ts'
export { runTogether } from './run-together.ts'
export { milliseconds, runInContext, type Clock, type Context, type Duration } from '../kernel/index.ts'
export type { Meter } from '../observe/index.ts'
export { decode, encode, type EncodedEvent, type EventRow, type NewEvent, type RecordedEvent, type TypeHints } from '../message/index.ts'
