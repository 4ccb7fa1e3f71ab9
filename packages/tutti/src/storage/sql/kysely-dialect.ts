import {
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type QueryCompiler,
  type QueryResult,
} from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { OptionError } from '../../kernel/index.ts'
import type { SqlDatabase } from '../sql-database.ts'
import type { Storage, Transaction } from '../storage.ts'

export type { Migration, Migrator } from 'kysely/migration'

/** Where Kysely's statements go: a storage, with the transaction that is going on around them if there is one, or a transaction. */
export type KyselyTarget = Pick<Storage | Transaction, 'sql' | 'transaction'>

/**
 * Kysely on a storage or transaction: `kyselyFor<Tables>(storage).selectFrom('orders')…`. Within `storage.transaction(work)` its statements
 * are part of the transaction. What `db.transaction()` of Kysely itself begins holds only what is done through its own handle: to write
 * events in the same transaction, begin it with `storage.transaction`. Destroying it does not close the storage.
 */
export function kyselyFor<Tables>(target: KyselyTarget): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new TuttiDialect(target) })
}

/** Runs Kysely's migrations on a transaction, which holds the lock. */
export function migratorFor(tx: KyselyTarget, migrations: Readonly<Record<string, Migration>>): Migrator {
  return new Migrator({ db: kyselyFor(tx), provider: { getMigrations: async () => ({ ...migrations }) }, disableTransactions: true })
}

const dialects: Readonly<
  Record<
    SqlDatabase['dialect'],
    {
      readonly compiler: () => QueryCompiler
      readonly adapter: () => DialectAdapter
      readonly introspector: (db: Kysely<unknown>) => DatabaseIntrospector
    }
  >
> = {
  sqlite: {
    compiler: () => new SqliteQueryCompiler(),
    adapter: () => new SqliteAdapter(),
    introspector: (db) => new SqliteIntrospector(db),
  },
  postgres: {
    compiler: () => new PostgresQueryCompiler(),
    adapter: () => new PostgresAdapter(),
    introspector: (db) => new PostgresIntrospector(db),
  },
  mysql: { compiler: () => new MysqlQueryCompiler(), adapter: () => new MysqlAdapter(), introspector: (db) => new MysqlIntrospector(db) },
}

class TuttiDialect implements Dialect {
  readonly #target: KyselyTarget

  constructor(target: KyselyTarget) {
    this.#target = target
  }

  createDriver(): Driver {
    return new TuttiDriver(this.#target)
  }

  createQueryCompiler(): QueryCompiler {
    return dialects[this.#target.sql.dialect].compiler()
  }

  createAdapter(): DialectAdapter {
    return dialects[this.#target.sql.dialect].adapter()
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return dialects[this.#target.sql.dialect].introspector(db)
  }
}

/** Connections are the storage's business: each of ours is only a place to remember the transaction. */
class TuttiDriver implements Driver {
  readonly #target: KyselyTarget

  constructor(target: KyselyTarget) {
    this.#target = target
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new TuttiConnection(this.#target)
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).begin()
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).end(true)
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).end(false)
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

/** What makes the storage roll back; nobody gets to see it. */
const undo = new Error('Kysely rolled its transaction back.')

class TuttiConnection implements DatabaseConnection {
  readonly #target: KyselyTarget
  #running: { readonly tx: Transaction; readonly decide: (commit: boolean) => void; readonly done: Promise<void> } | undefined

  constructor(target: KyselyTarget) {
    this.#target = target
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, insertId } = await (this.#running?.tx ?? this.#target).sql.query(sql, parameters)
    // Kysely has worked out the type of the rows from the query.
    const result = { rows: rows as R[], numAffectedRows: BigInt(changes) }
    return insertId === undefined ? result : { ...result, insertId: BigInt(insertId) }
  }

  // oxlint-disable-next-line require-yield -- it has nothing to give
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new OptionError('stream() of Kysely was called; wanted pages with limit and a condition on the key, which all backends have.')
  }

  /** Begins a transaction of the storage that waits for Kysely to end it. */
  async begin(): Promise<void> {
    const begun = Promise.withResolvers<Transaction>()
    const ending = Promise.withResolvers<boolean>()
    const done = this.#target
      .transaction(async (tx) => {
        begun.resolve(tx)
        if (!(await ending.promise)) throw undo
      })
      .catch((error: unknown) => {
        begun.reject(error)
        if (error !== undo) throw error
      })
    // Whoever ends it hears of it; a failure before is the begin's.
    done.catch(() => undefined)
    this.#running = { tx: await begun.promise, decide: ending.resolve, done }
  }

  async end(commit: boolean): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.decide(commit)
    await running?.done
  }
}

function ours(connection: DatabaseConnection): TuttiConnection {
  if (connection instanceof TuttiConnection) return connection
  throw new OptionError('A transaction of Kysely was begun on a connection of something else; use the instance that kyselyFor made.')
}
