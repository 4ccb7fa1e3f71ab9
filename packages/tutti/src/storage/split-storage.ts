import type { EventStore } from './event-store.ts'
import type { SqlDatabase } from './sql-database.ts'
import type { StateStore } from './state-store.ts'
import type { MigrationReport, Storage, StorageCapabilities, Transaction } from './storage.ts'

/**
 * Reads the events of one storage and keeps everything else in another: for read models in a database of their own, whose checkpoints
 * commit with them. Transactions are those of the second one. Closing it closes neither.
 */
export class SplitStorage implements Storage {
  readonly kind: string
  readonly capabilities: StorageCapabilities
  readonly events: EventStore
  readonly state: StateStore
  readonly #models: Storage

  constructor(events: Storage, models: Storage) {
    this.kind = `${events.kind} and ${models.kind}`
    this.capabilities = { ...models.capabilities, wakesOthers: events.capabilities.wakesOthers }
    this.events = events.events
    this.state = models.state
    this.#models = models
  }

  get sql(): SqlDatabase {
    return this.#models.sql
  }

  get running(): Transaction | undefined {
    return this.#models.running
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#models.transaction(work)
  }

  migrate(options?: { readonly dryRun?: boolean }): Promise<MigrationReport> {
    return this.#models.migrate(options)
  }

  ping(): Promise<void> {
    return this.#models.ping()
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
