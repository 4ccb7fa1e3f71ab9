import { OptionError, shown } from '../../kernel/index.ts'
import type { SqlDatabase, SqlFragment, SqlResult, SqlRow, SqlStatement } from '../sql-database.ts'
import { flatten, Fragment } from './fragment.ts'

/** What a backend gives to have the tagged templates. */
export interface SqlDatabaseOptions {
  readonly dialect: SqlDatabase['dialect']
  /** Runs text with placeholders in the dialect's own style: `$1`, `$2` … on PostgreSQL, `?` elsewhere. */
  run(text: string, values: readonly unknown[]): Promise<SqlResult>
}

/** Makes an SQL database of a function that runs statements: values always travel apart from the text. */
export function createSqlDatabase({ dialect, run }: SqlDatabaseOptions): SqlDatabase {
  const query = <Row extends SqlRow>(text: string, values: readonly unknown[] = []): Promise<SqlResult<Row>> =>
    // Whoever writes a statement says what its rows are.
    run(text, values) as Promise<SqlResult<Row>>
  const tag = <Row extends SqlRow>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlStatement<Row> => {
    if (!Array.isArray(strings) || !Array.isArray(strings.raw))
      throw new OptionError(
        `sql received ${shown(strings)}; wanted a template: sql\`select …\`. For plain text use sql.query(text, values).`,
      )
    const flat = flatten(strings, values)
    return new Statement<Row>(flat, () => query(withPlaceholders(flat.text, dialect), flat.values))
  }
  return Object.assign(tag, {
    dialect,
    query,
    id: (...names: readonly string[]): SqlFragment => new Fragment([names.map((name) => quoted(name, dialect)).join('.')], []),
    raw: (text: string): SqlFragment => new Fragment([text], []),
    list,
  })
}

/** Runs once, when it is first awaited; as a part of another statement it does not run at all. */
class Statement<Row extends SqlRow> extends Fragment implements SqlStatement<Row> {
  readonly #run: () => Promise<SqlResult<Row>>
  #result: Promise<SqlResult<Row>> | undefined

  constructor({ text, values }: SqlFragment, run: () => Promise<SqlResult<Row>>) {
    super(text, values)
    this.#run = run
  }

  run(): Promise<SqlResult<Row>> {
    return (this.#result ??= this.#run())
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a statement is awaited
  then<A = Row[], B = never>(
    fulfilled?: ((rows: Row[]) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.run()
      .then(({ rows }) => rows)
      .then(fulfilled, rejected)
  }
}

function withPlaceholders(text: readonly string[], dialect: SqlDatabase['dialect']): string {
  if (dialect !== 'postgres') return text.join('?')
  let joined = text[0] ?? ''
  for (let i = 1; i < text.length; i++) joined += `$${i}${text[i] ?? ''}`
  return joined
}

function quoted(name: string, dialect: SqlDatabase['dialect']): string {
  if (typeof name !== 'string' || name === '' || name.includes('\0'))
    throw new OptionError(`sql.id received ${shown(name)}; wanted the name of a table, column or schema.`)
  const quote = dialect === 'mysql' ? '`' : '"'
  return quote + name.replaceAll(quote, quote + quote) + quote
}

function list(values: readonly unknown[]): SqlFragment {
  if (!Array.isArray(values) || values.length === 0)
    throw new OptionError(
      `sql.list received ${Array.isArray(values) ? 'no values' : shown(values)}; wanted at least one, because "in ()" is no SQL. Leave the condition out where there may be none.`,
    )
  const parts = flatten(['', ...Array.from({ length: values.length - 1 }, () => ', '), ''], values)
  return new Fragment(parts.text, parts.values)
}
