import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** How many statements of users are kept prepared; the least recently used ones go first. */
const mostPrepared = 200

/** One connection to a database file, which keeps its statements prepared. */
export class Connection {
  readonly #database: DatabaseSync
  readonly #own = new Map<string, StatementSync>()
  readonly #users = new Map<string, StatementSync>()

  constructor(file: string) {
    // Loaded when the first file is opened.
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
    // Waiting for others' locks would stop the event loop, so it is done between attempts.
    this.#database = new DatabaseSync(file, { timeout: 0 })
  }

  /** Whether a transaction is going on; SQLite itself ends one after some failures. */
  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  /** Runs statements without values. */
  exec(text: string): void {
    this.#database.exec(text)
  }

  /** Runs one of Tutti's own statements. */
  run(text: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#prepared(text).run(...values).changes)
  }

  /** The first row of one of Tutti's own statements. Whoever writes the statement says what its rows are. */
  get<Row>(text: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#prepared(text).get(...values) as Row | undefined
  }

  /** The rows of one of Tutti's own statements. Whoever writes the statement says what its rows are. */
  all<Row>(text: string, ...values: readonly SQLInputValue[]): Row[] {
    return this.#prepared(text).all(...values) as Row[]
  }

  /** A user's statement, prepared. */
  users(text: string): StatementSync {
    const statement = this.#users.get(text) ?? this.#database.prepare(text)
    // Behind all others: the first one is the one that was not used for longest.
    this.#users.delete(text)
    this.#users.set(text, statement)
    if (this.#users.size > mostPrepared) this.#users.delete(this.#users.keys().next().value ?? '')
    return statement
  }

  close(): void {
    this.#own.clear()
    this.#users.clear()
    this.#database.close()
  }

  #prepared(text: string): StatementSync {
    let statement = this.#own.get(text)
    if (statement === undefined) this.#own.set(text, (statement = this.#database.prepare(text)))
    return statement
  }
}
