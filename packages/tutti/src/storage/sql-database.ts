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
  readonly dialect: 'sqlite' | 'postgres' | 'mysql'
}

/** A part of a statement. */
export interface SqlFragment {
  readonly text: readonly string[]
  readonly values: readonly unknown[]
}

/** A statement: awaited, it runs and gives its rows; within another template it is a part of it. */
export interface SqlStatement<Row extends SqlRow> extends PromiseLike<Row[]>, SqlFragment {
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
