import { AsyncLocalStorage } from 'node:async_hooks'
import { systemClock, type Clock } from '../kernel/index.ts'
import type { DriverReader, DriverStatement, StorageDriver, Unit, UnitResult } from './driver.ts'
import { StorageError } from './errors.ts'
import type { EventStore } from './event-store.ts'
import { eventsOnDriver, type Route } from './events-on-driver.ts'
import { GroupCommit, type GroupCommitLimits } from './group-commit.ts'
import { InFlight } from './in-flight.ts'
import { runListeners } from './run-listeners.ts'
import { RunningTransaction, type TransactionHost } from './running-transaction.ts'
import { createSqlDatabase } from './sql/create-sql-database.ts'
import type { SqlDatabase, SqlResult } from './sql-database.ts'
import { resultsOf, runAll } from './statement-group.ts'
import type { StateStore } from './state-store.ts'
import { stateOnDriver } from './state-on-driver.ts'
import type { MigrationReport, Storage, StorageCapabilities, Transaction } from './storage.ts'
import type { TransactionHandle } from './transaction-handle.ts'

/** What all storages take, whatever their backend. */
export interface StorageOptions {
  readonly clock?: Clock
  readonly groupCommit?: GroupCommitLimits
}

/** Makes a storage of a backend: group commit, encoding, paging and ambient transactions are the same for all. */
export function createStorage(driver: StorageDriver, options: StorageOptions = {}): Storage {
  return new DriverStorage(driver, options)
}

class DriverStorage implements Storage, TransactionHost {
  readonly kind: string
  readonly capabilities: StorageCapabilities
  readonly events: EventStore
  readonly state: StateStore
  readonly clock: Clock
  readonly #driver: StorageDriver
  readonly #group: GroupCommit
  readonly #ambient = new AsyncLocalStorage<RunningTransaction | undefined>()
  readonly #listeners = new Set<() => void>()
  /** Reads, statements and transactions; writes are the group commit's. */
  readonly #inFlight = new InFlight()
  readonly #outside: Route
  #sql: SqlDatabase | undefined
  #closing: Promise<void> | undefined

  constructor(driver: StorageDriver, { clock = systemClock, groupCommit }: StorageOptions) {
    this.kind = driver.kind
    this.capabilities = driver.capabilities
    this.clock = clock
    this.#driver = driver
    this.#group = new GroupCommit(driver, groupCommit)
    const ahead = driver.capabilities.shared && driver.capabilities.oneWriter !== true
    this.#outside = { reader: this.#guarded(driver.reader), write: (unit) => this.#commit(unit), ahead }
    const parts = { clock, route: (tx: TransactionHandle | undefined) => this.#route(tx) }
    this.events = { ...eventsOnDriver(parts), onAppend: (listener) => this.#onAppend(listener) }
    this.state = stateOnDriver(parts)
    driver.onWake?.(() => this.#wake())
  }

  get sql(): SqlDatabase {
    const dialect = this.#driver.sql?.dialect ?? this.noSql()
    return (this.#sql ??= createSqlDatabase({
      dialect,
      origin: this,
      run: (text, values) => this.#query(text, values),
      runAll: (statements) => this.#queryAll(statements),
    }))
  }

  get running(): Transaction | undefined {
    return this.#ambient.getStore()
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const outer = this.#ambient.getStore()
    return outer === undefined ? this.#whileOpen(() => this.#transact(work)) : outer.transaction(work)
  }

  current(): RunningTransaction | undefined {
    return this.#ambient.getStore()
  }

  join<T>(tx: RunningTransaction, work: () => Promise<T>): Promise<T> {
    return this.#ambient.run(tx, work)
  }

  noSql(): never {
    throw new StorageError('TUTTI_STORAGE_NO_SQL', `The storage ${this.kind} has no SQL; use sqlite, postgres or mysql.`)
  }

  migrate({ dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<MigrationReport> {
    return this.#whileOpen(() => this.#driver.migrate({ dryRun }))
  }

  ping(): Promise<void> {
    return this.#whileOpen(() => this.#driver.ping())
  }

  async close(): Promise<void> {
    if (this.#ambient.getStore()?.ended === false)
      throw new StorageError(
        'TUTTI_TRANSACTION_OPEN',
        `The storage ${this.kind} was closed within one of its transactions, for which closing waits. Close it outside.`,
      )
    await (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.#inFlight.idle()
    await this.#group.drain()
    await this.#driver.close()
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = new RunningTransaction(await this.#driver.begin(), this)
    let result: T
    try {
      result = await this.join(tx, () => work(tx))
    } catch (error) {
      await tx.rollback()
      throw error
    }
    await tx.commit()
    if (tx.appended) this.#wake()
    return result
  }

  #route(tx: TransactionHandle | undefined): Route {
    if (tx === undefined) return this.#ambient.getStore() ?? this.#outside
    if (tx instanceof RunningTransaction && tx.host === this) return tx
    throw new StorageError(
      'TUTTI_OPTION_INVALID',
      `A call received as its tx ${tx instanceof RunningTransaction ? 'a transaction of another storage' : 'something that is none'}; wanted what storage.transaction hands to its work.`,
    )
  }

  async #commit(unit: Unit): Promise<UnitResult> {
    this.#assertOpen()
    const result = await this.#group.submit(unit)
    if (result.ok && unit.writes.some(({ kind }) => kind === 'append')) this.#wake()
    return result
  }

  /** Decided when a statement runs: one storage's `sql` can be kept, and joins the transaction around each use. */
  #query(text: string, values: readonly unknown[]): Promise<SqlResult> {
    const tx = this.#ambient.getStore()
    if (tx !== undefined) return tx.query(text, values)
    const sql = this.#driver.sql ?? this.noSql()
    return this.#whileOpen(() => sql.query(text, values))
  }

  async #queryAll(statements: readonly DriverStatement[]): Promise<readonly SqlResult[]> {
    const tx = this.#ambient.getStore()
    if (tx !== undefined) return tx.queryAll(statements)
    const sql = this.#driver.sql ?? this.noSql()
    if (sql.queryAll === undefined) return this.transaction(() => this.#queryAll(statements))
    return resultsOf(await this.#whileOpen(() => runAll(sql, statements)), statements.length)
  }

  #guarded(reader: DriverReader): DriverReader {
    return {
      stream: (stream, page) => this.#whileOpen(() => reader.stream(stream, page)),
      all: (page) => this.#whileOpen(() => reader.all(page)),
      streamState: (stream) => this.#whileOpen(() => reader.streamState(stream)),
      streams: (query) => this.#whileOpen(() => reader.streams(query)),
      head: () => this.#whileOpen(() => reader.head()),
      documents: (keys) => this.#whileOpen(() => reader.documents(keys)),
      list: (query) => this.#whileOpen(() => reader.list(query)),
      count: (prefix) => this.#whileOpen(() => reader.count(prefix)),
    }
  }

  #onAppend(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Listeners have nothing to do with the transaction that may be going on around the append. */
  #wake(): void {
    this.#ambient.run(undefined, () => runListeners(this.#listeners))
  }

  #whileOpen<T>(work: () => Promise<T>): Promise<T> {
    return this.#inFlight.track(async () => {
      this.#assertOpen()
      return work()
    })
  }

  #assertOpen(): void {
    if (this.#closing !== undefined)
      throw new StorageError('TUTTI_STORAGE_CLOSED', `The storage ${this.kind} was used after it had been closed.`)
  }
}
