/** A row of a result by column name. */
export type SqlRow = Readonly<Record<string, unknown>>

/**
 * The user's own tables, as a tagged template: `` sql`select * from orders where id = ${id}` ``. Values are always sent apart from the
 * text; `sql.id('name')` writes an identifier, `sql.raw('…')` trusted text, and a nested `sql` template its own text and values.
 */
export interface SqlDatabase {
  <Row extends SqlRow = SqlRow>(text: TemplateStringsArray, ...values: readonly unknown[]): SqlStatement<Row>
  /** An identifier, quoted as the backend wants. */
  id(...names: readonly string[]): SqlFragment
  /** Text that is put in as it is: never from a request. */
  raw(text: string): SqlFragment
  /** Values separated by commas, for `in (…)`. */
  list(values: readonly unknown[]): SqlFragment
  /** Runs text with placeholders in the backend's own style. */
  query<Row extends SqlRow = SqlRow>(text: string, values?: readonly unknown[]): Promise<SqlResult<Row>>
  /**
   * Runs statements in order and as one, in one round trip where the backend can, and gives the result of each:
   * `` sql.batch([sql`insert …`, sql`update …`]) ``. Within a transaction they are part of it, else they have one of their own. None behind
   * one that fails is run: throws `TUTTI_SQL_BATCH_FAILED`, whose `index` says which it was.
   */
  batch<const Statements extends readonly SqlStatement[]>(statements: Statements): Promise<SqlBatchResults<Statements>>
  readonly dialect: 'sqlite' | 'postgres' | 'mysql'
}

/** What the statements of a batch gave, in their order. */
export type SqlBatchResults<Statements extends readonly SqlStatement[]> = {
  -readonly [I in keyof Statements]: Statements[I] extends SqlStatement<infer Row> ? SqlResult<Row> : never
}

/** A part of a statement. */
export interface SqlFragment {
  readonly text: readonly string[]
  readonly values: readonly unknown[]
}

/** A statement: awaited, it runs and gives its rows; within another template it is a part of it. */
export interface SqlStatement<Row extends SqlRow = SqlRow> extends PromiseLike<Row[]>, SqlFragment {
  /** Runs it and gives how many rows were changed besides the rows. */
  run(): Promise<SqlResult<Row>>
}

/** What a statement gave. */
export interface SqlResult<Row extends SqlRow = SqlRow> {
  readonly rows: Row[]
  /** Rows inserted, updated or deleted. */
  readonly changes: number
  /** The id that the last row got by itself, where the backend tells: SQLite and MySQL. */
  readonly insertId?: number | bigint
}
