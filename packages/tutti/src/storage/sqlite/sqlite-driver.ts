import type { Clock } from '../../kernel/index.ts'
import type { DriverReader, DriverSql, DriverTransaction, StorageDriver, Unit, UnitResult } from '../driver.ts'
import type { SqlResult } from '../sql-database.ts'
import type { MigrationReport, StorageCapabilities } from '../storage.ts'
import { openDatabase, type DatabaseFile, type FileOptions } from './database-file.ts'
import { assertSchema, migrateFile, schemaVersion } from './migrate.ts'
import type { Place } from './paths.ts'
import { sqliteReader } from './sqlite-reader.ts'
import { mayRead, runUsers, statementBytes, wantedToWrite } from './sqlite-sql.ts'
import { SqliteTransaction } from './sqlite-transaction.ts'
import { writeUnits } from './write-units.ts'

/** A driver on a SQLite file, which is opened when it is first used. */
export class SqliteDriver implements StorageDriver {
  readonly kind = 'sqlite'
  readonly capabilities: StorageCapabilities
  /** SQLite has one writer; what comes while it waits for the disk goes together next. */
  readonly lanes = 1
  readonly reader: DriverReader
  readonly sql: DriverSql
  readonly #place: Place
  readonly #options: FileOptions & { readonly clock: Clock }
  #file: Promise<DatabaseFile> | undefined
  #ready: Promise<DatabaseFile> | undefined

  constructor(place: Place, options: FileOptions & { readonly clock: Clock }) {
    this.#place = place
    this.#options = options
    this.capabilities = { durable: !place.memory, shared: !place.memory, sql: true, wakesOthers: false, oneWriter: true }
    this.reader = sqliteReader(async (work) => (await this.#migrated()).read(work))
    this.sql = { dialect: 'sqlite', query: (text, values) => this.#query(text, values) }
  }

  async commit(units: readonly Unit[]): Promise<readonly UnitResult[]> {
    const file = await this.#migrated()
    const { results } = await file.write((connection) => writeUnits(connection, units))
    return results
  }

  async begin(): Promise<DriverTransaction> {
    const file = await this.#migrated()
    const end = await file.turns.take()
    try {
      await file.begin()
    } catch (error) {
      end()
      throw error
    }
    return new SqliteTransaction(file, end)
  }

  async migrate({ dryRun }: { readonly dryRun: boolean }): Promise<MigrationReport> {
    return migrateFile(await this.#opened(), { dryRun, now: this.#options.clock.now() })
  }

  async ping(): Promise<void> {
    const file = await this.#opened()
    await file.read((connection) => connection.get('select 1 from sqlite_schema limit 1'))
  }

  async close(): Promise<void> {
    const opening = this.#file
    if (opening === undefined) return
    // What could not be opened needs no closing.
    const file = await opening.catch(() => undefined)
    await file?.close()
  }

  async #query(text: string, values: readonly unknown[]): Promise<SqlResult> {
    const file = await this.#opened()
    if (mayRead(text)) {
      try {
        return await file.read((connection) => runUsers(connection, text, values))
      } catch (error) {
        if (!wantedToWrite(error)) throw error
      }
    }
    const { result } = await file.write((connection) => ({ result: runUsers(connection, text, values), bytes: statementBytes(text) }))
    return result
  }

  /** Opens the file; a failure is not remembered, so that the next use tries again. */
  #opened(): Promise<DatabaseFile> {
    if (this.#file !== undefined) return this.#file
    const opening = openDatabase(this.#place, this.#options)
    this.#file = opening
    opening.catch(() => (this.#file = undefined))
    return opening
  }

  /** The file once its schema is what it has to be. */
  #migrated(): Promise<DatabaseFile> {
    if (this.#ready !== undefined) return this.#ready
    const checking = this.#opened().then(async (file) => {
      const version = await file.read(schemaVersion)
      // A new file has nothing that somebody would want to look after first.
      if (version === 0) await migrateFile(file, { dryRun: false, now: this.#options.clock.now() })
      else assertSchema(version)
      return file
    })
    this.#ready = checking
    checking.catch(() => (this.#ready = undefined))
    return checking
  }
}
