import type { DriverReader, DriverStatement, DriverTransaction, DriverSql, StatementsOutcome, Unit, UnitResult } from '../driver.ts'
import { StorageError } from '../errors.ts'
import type { SqlResult } from '../sql-database.ts'
import { writeFailure } from './busy.ts'
import type { Connection } from './connection.ts'
import type { DatabaseFile } from './database-file.ts'
import { sqliteReader, type Read } from './sqlite-reader.ts'
import { runUsers, statementBytes } from './sqlite-sql.ts'
import { writeUnit } from './write-units.ts'

/** How many statements run before others get their turn of the event loop. */
const atATime = 200

/** A transaction on the connection that writes, which is its alone until it ends. */
export class SqliteTransaction implements DriverTransaction {
  readonly sql: DriverSql
  readonly stream: DriverReader['stream']
  readonly all: DriverReader['all']
  readonly streamState: DriverReader['streamState']
  readonly streams: DriverReader['streams']
  readonly head: DriverReader['head']
  readonly documents: DriverReader['documents']
  readonly list: DriverReader['list']
  readonly count: DriverReader['count']
  readonly #file: DatabaseFile
  readonly #end: () => void
  #bytes = 0

  constructor(file: DatabaseFile, end: () => void) {
    this.#file = file
    this.#end = end
    const read: Read = async (work) => work(this.#connection)
    const reader = sqliteReader(read)
    this.stream = reader.stream
    this.all = reader.all
    this.streamState = reader.streamState
    this.streams = reader.streams
    this.head = reader.head
    this.documents = reader.documents
    this.list = reader.list
    this.count = reader.count
    this.sql = {
      dialect: 'sqlite',
      query: async (text, values) => this.#query(text, values),
      queryAll: (statements) => this.#queryAll(statements),
    }
  }

  async apply(unit: Unit): Promise<UnitResult> {
    const { result, bytes } = this.#write((connection) => writeUnit(connection, unit))
    this.#bytes += bytes
    return result
  }

  async savepoint(name: string): Promise<void> {
    this.#connection.run(`savepoint ${name}`)
  }

  async rollbackTo(name: string): Promise<void> {
    this.#connection.run(`rollback to ${name}`)
    this.#connection.run(`release ${name}`)
  }

  async release(name: string): Promise<void> {
    this.#connection.run(`release ${name}`)
  }

  async commit(): Promise<void> {
    try {
      this.#assertRunning()
      await this.#file.commit(this.#bytes)
    } finally {
      this.#end()
    }
  }

  async rollback(): Promise<void> {
    try {
      this.#file.rollback()
    } finally {
      this.#end()
    }
  }

  #query(text: string, values: readonly unknown[]): SqlResult {
    this.#bytes += statementBytes(text)
    return this.#write((connection) => runUsers(connection, text, values))
  }

  async #queryAll(statements: readonly DriverStatement[]): Promise<StatementsOutcome> {
    const { setImmediate } = process.getBuiltinModule('node:timers/promises')
    const results: SqlResult[] = []
    for (const { text, values } of statements) {
      try {
        results.push(this.#query(text, values))
      } catch (error) {
        return { results, failure: { error } }
      }
      if (results.length % atATime === 0) await setImmediate()
    }
    return { results }
  }

  #write<T>(work: (connection: Connection) => T): T {
    try {
      return work(this.#connection)
    } catch (error) {
      throw writeFailure(error)
    }
  }

  get #connection(): Connection {
    this.#assertRunning()
    return this.#file.writer
  }

  /** SQLite rolls back by itself where the disk is full or fails; what came then would be committed on its own. */
  #assertRunning(): void {
    if (this.#file.writer.inTransaction) return
    throw new StorageError(
      'TUTTI_STORAGE_FAILED',
      'SQLite has rolled the transaction back after a failure, such as a full disk. Do it again.',
      {
        status: 503,
      },
    )
  }
}
