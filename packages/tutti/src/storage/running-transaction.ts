import type { Clock } from '../kernel/index.ts'
import type { DriverReader, DriverStatement, DriverTransaction, DriverSql, Unit, UnitResult } from './driver.ts'
import { StorageError } from './errors.ts'
import { eventsOnDriver, type Route } from './events-on-driver.ts'
import { runListeners } from './run-listeners.ts'
import { createSqlDatabase } from './sql/create-sql-database.ts'
import type { SqlDatabase, SqlResult } from './sql-database.ts'
import { resultsOf, runAll, StatementGroup } from './statement-group.ts'
import { stateOnDriver } from './state-on-driver.ts'
import type { Transaction } from './storage.ts'
import type { TransactionHandle } from './transaction-handle.ts'

/** How a storage and its transactions work together. */
export interface TransactionHost {
  readonly clock: Clock
  /** The transaction around the call. */
  current(): RunningTransaction | undefined
  /** Does work so that calls around it join the transaction. */
  join<T>(tx: RunningTransaction, work: () => Promise<T>): Promise<T>
  /** Throws `TUTTI_STORAGE_NO_SQL`. */
  noSql(): never
}

/**
 * A transaction that is going on. Calls are done one after the other, in the order in which they were made; a nested transaction is one such
 * call, so that what happens in it and beside it does not mix.
 */
export class RunningTransaction implements Transaction, Route {
  readonly events: Transaction['events']
  readonly state: Transaction['state']
  readonly reader: DriverReader
  readonly host: TransactionHost
  readonly #driver: DriverTransaction
  readonly #outer: RunningTransaction | undefined
  readonly #after: (() => void)[] = []
  #sql: SqlDatabase | undefined
  #turn: Promise<unknown> = Promise.resolve()
  /** The last in the queue, while more may join it. */
  #group: StatementGroup | undefined
  #ended = false
  #savepoints = 0
  #appended = false
  /** Why it cannot commit: a nested one could not be undone. */
  #broken: { readonly reason: unknown } | undefined

  constructor(driver: DriverTransaction, host: TransactionHost, outer?: RunningTransaction) {
    this.#driver = driver
    this.#outer = outer
    this.host = host
    this.reader = {
      stream: (stream, page) => this.#inTurn(() => driver.stream(stream, page)),
      all: (page) => this.#inTurn(() => driver.all(page)),
      streamState: (stream) => this.#inTurn(() => driver.streamState(stream)),
      streams: (query) => this.#inTurn(() => driver.streams(query)),
      head: () => this.#inTurn(() => driver.head()),
      documents: (keys) => this.#inTurn(() => driver.documents(keys)),
      list: (query) => this.#inTurn(() => driver.list(query)),
      count: (prefix) => this.#inTurn(() => driver.count(prefix)),
    }
    const parts = { route: (named: TransactionHandle | undefined) => this.#only(named), clock: host.clock }
    this.events = eventsOnDriver(parts)
    this.state = stateOnDriver(parts)
  }

  /** Whether events were appended in it. */
  get appended(): boolean {
    return this.#appended
  }

  get ended(): boolean {
    return this.#ended
  }

  get sql(): SqlDatabase {
    const { dialect } = this.#driverSql
    return (this.#sql ??= createSqlDatabase({
      dialect,
      origin: this.host,
      run: (text, values) => this.query(text, values),
      runAll: (statements) => this.queryAll(statements),
    }))
  }

  /** Runs a user's statement in its turn. */
  query(text: string, values: readonly unknown[]): Promise<SqlResult> {
    const sql = this.#driverSql
    return this.#inTurn(() => sql.query(text, values))
  }

  /**
   * Runs a user's statements in their turn, and none behind one that fails. Throws `TUTTI_SQL_BATCH_FAILED`, or what keeps the storage from
   * working.
   */
  async queryAll(statements: readonly DriverStatement[]): Promise<readonly SqlResult[]> {
    const sql = this.#driverSql
    return resultsOf(await this.#inTurn(() => runAll(sql, statements)), statements.length)
  }

  /**
   * Runs a user's statements in their turn, together with those of earlier calls that no other call came behind. Rejects with the error of
   * the first that fails; those behind it, of this call and later ones, are not run.
   */
  together(statements: readonly DriverStatement[]): Promise<readonly SqlResult[]> {
    const inner = this.#inner()
    if (inner !== undefined) return inner.together(statements)
    return (this.#group ?? this.#newGroup()).add(statements)
  }

  write(unit: Unit): Promise<UnitResult> {
    if (unit.writes.some(({ kind }) => kind === 'append')) this.#appended = true
    return this.#inTurn(() => this.#driver.apply(unit))
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const inner = this.#inner()
    return inner === undefined ? this.#inTurn(() => this.#nest(work)) : inner.transaction(work)
  }

  onCommit(work: () => void): void {
    if (this.#ended) throw ended()
    this.#after.push(work)
  }

  /** Commits, and then does what waited for it. */
  async commit(): Promise<void> {
    await this.#end(() => {
      if (this.#broken !== undefined) throw this.#broken.reason
      return this.#driver.commit()
    })
    runListeners(this.#after)
  }

  /** Never rejects: a transaction whose connection is gone is rolled back by that. */
  async rollback(): Promise<void> {
    await this.#end(() => this.#driver.rollback()).catch(() => undefined)
  }

  async #nest<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const name = this.#nextSavepoint()
    await this.#driver.savepoint(name)
    const inner = new RunningTransaction(this.#driver, this.host, this)
    let result: T
    try {
      result = await this.host.join(inner, () => work(inner))
      await inner.#end(() => this.#driver.release(name))
    } catch (error) {
      await this.#undo(inner, name)
      throw error
    }
    this.#after.push(...inner.#after)
    this.#appended ||= inner.#appended
    return result
  }

  async #undo(inner: RunningTransaction, name: string): Promise<void> {
    try {
      if (inner.#broken !== undefined) throw inner.#broken.reason
      if (inner.#ended) await this.#driver.rollbackTo(name)
      else await inner.#end(() => this.#driver.rollbackTo(name))
    } catch (reason) {
      this.#broken = { reason }
    }
  }

  /** Names are never used twice: backends disagree about what a second one means. */
  #nextSavepoint(): string {
    return this.#outer === undefined ? `tutti_${++this.#savepoints}` : this.#outer.#nextSavepoint()
  }

  /** Does what ends it once everything before is done; later calls fail whatever comes of it. */
  #end(work: () => Promise<void>): Promise<void> {
    this.#group = undefined
    const done = this.#turn.then(() => {
      this.#ended = true
      return work()
    })
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** The transaction within this one that the call comes from: it waits for that one to end, so the call belongs in there. */
  #inner(): RunningTransaction | undefined {
    const current = this.host.current()
    if (current === undefined || current === this || current.#ended) return undefined
    for (let outer = current.#outer; outer !== undefined; outer = outer.#outer) if (outer === this) return current
    return undefined
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const inner = this.#inner()
    if (inner !== undefined) return inner.#inTurn(work)
    this.#group = undefined
    const done = this.#turn.then(() => {
      if (this.#ended) throw ended()
      return work()
    })
    // The next one takes its turn whatever became of this one.
    this.#turn = done.catch(() => undefined)
    return done
  }

  #newGroup(): StatementGroup {
    const sql = this.#driverSql
    const group = new StatementGroup()
    const run = (): Promise<void> => {
      if (this.#group === group) this.#group = undefined
      return group.run(sql)
    }
    this.#inTurn(run).catch((error: unknown) => group.fail(error))
    return (this.#group = group)
  }

  get #driverSql(): DriverSql {
    return this.#driver.sql ?? this.host.noSql()
  }

  #only(named: TransactionHandle | undefined): Route {
    if (named === undefined || named === this) return this
    throw new StorageError(
      'TUTTI_OPTION_INVALID',
      'A call on one transaction named another one as its tx; leave tx out, or call the storage.',
    )
  }
}

function ended(): StorageError {
  return new StorageError(
    'TUTTI_TRANSACTION_ENDED',
    'A transaction was used after it had ended. Await everything that is done in it, and start what outlives it outside of it.',
  )
}
