import { OptionError, shown } from '../../kernel/index.ts'
import type { SqlBatchResults, SqlDatabase, SqlFragment, SqlResult, SqlRow, SqlStatement } from '../sql-database.ts'
import { flatten, Fragment } from './fragment.ts'
import { observedStatements } from './observed-statements.ts'
import { handOverAll, Statement, type SqlDatabaseOptions } from './statement.ts'

/** Makes an SQL database of functions that run statements: values always travel apart from the text. */
export function createSqlDatabase(given: SqlDatabaseOptions): SqlDatabase {
  const options = observedStatements(given)
  const { dialect, origin, runAll } = options
  const tag = <Row extends SqlRow>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlStatement<Row> => {
    if (!Array.isArray(strings) || !Array.isArray(strings.raw))
      throw new OptionError(
        `sql received ${shown(strings)}; wanted a template: sql\`select …\`. For plain text use sql.query(text, values).`,
      )
    return new Statement<Row>(flatten(strings, values), options)
  }
  return Object.assign(tag, {
    dialect,
    query: <Row extends SqlRow>(text: string, values: readonly unknown[] = []): Promise<SqlResult<Row>> =>
      // Whoever writes a statement says what its rows are.
      options.run(text, values) as Promise<SqlResult<Row>>,
    batch: async <const Statements extends readonly SqlStatement[]>(statements: Statements): Promise<SqlBatchResults<Statements>> => {
      const given = checkBatch(statements, origin)
      const results = given.length === 0 ? [] : await handOverAll(given, runAll)
      return results as SqlBatchResults<Statements>
    },
    id: (...names: readonly string[]): SqlFragment => new Fragment([names.map((name) => quoted(name, dialect)).join('.')], []),
    raw: (text: string): SqlFragment => new Fragment([text], []),
    list,
  })
}

function checkBatch(statements: readonly unknown[], origin: object): readonly Statement[] {
  if (!Array.isArray(statements)) throw new OptionError(`sql.batch received ${shown(statements)}; wanted an array of sql\`…\` statements.`)
  const given = new Set<Statement>()
  for (const [i, statement] of statements.entries()) {
    if (!(statement instanceof Statement))
      throw new OptionError(`sql.batch received ${shown(statement)} at ${i}; wanted statements: [sql\`…\`, sql\`…\`].`)
    if (given.has(statement) || !statement.isNewOf(origin))
      throw new OptionError(
        `sql.batch received at ${i} a statement that runs already, or one of another storage; wanted each made by this storage and given once, without await.`,
      )
    given.add(statement)
  }
  return [...given]
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
