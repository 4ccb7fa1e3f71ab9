import type { DriverStatement } from '../driver.ts'
import type { SqlDatabase, SqlFragment, SqlResult, SqlRow, SqlStatement } from '../sql-database.ts'
import { Fragment } from './fragment.ts'

/** Where statements run. */
export interface StatementHome {
  readonly dialect: SqlDatabase['dialect']
  /** The storage that it belongs to; transactions belong to the same. */
  readonly origin: object
  run(text: string, values: readonly unknown[]): Promise<SqlResult>
}

/** What it takes to have the tagged templates. */
export interface SqlDatabaseOptions extends StatementHome {
  /** Runs statements in order and as one; none behind one that fails. */
  runAll(statements: readonly DriverStatement[]): Promise<readonly SqlResult[]>
}

/** Runs once, when it is first awaited; as a part of another statement it does not run at all. */
export class Statement<Row extends SqlRow = SqlRow> extends Fragment implements SqlStatement<Row> {
  readonly #home: StatementHome
  /** Who runs it instead of its home. */
  #elsewhere: (() => Promise<SqlResult>) | undefined
  #result: Promise<SqlResult<Row>> | undefined

  constructor({ text, values }: SqlFragment, home: StatementHome) {
    super(text, values)
    this.#home = home
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

  /** Whether it was made by a storage or one of its transactions, and nobody has run it yet. */
  isNewOf(origin: object): boolean {
    return this.#home.origin === origin && this.#result === undefined && this.#elsewhere === undefined
  }

  /** Has it run by somebody else, who tells of its result should it be awaited as well. */
  handOver(result: () => Promise<SqlResult>): DriverStatement {
    this.#elsewhere = result
    return { text: withPlaceholders(this.text, this.#home.dialect), values: this.values }
  }

  #run(): Promise<SqlResult<Row>> {
    const { dialect } = this.#home
    const running = this.#elsewhere?.() ?? this.#home.run(withPlaceholders(this.text, dialect), this.values)
    // Whoever writes a statement says what its rows are.
    return running as Promise<SqlResult<Row>>
  }
}

/**
 * Hands statements over to somebody who runs them all; each of them gives its own result of what that resolves with. They must be new, and
 * each there but once.
 */
export function handOverAll(
  statements: readonly Statement[],
  run: (statements: readonly DriverStatement[]) => Promise<readonly SqlResult[]>,
): Promise<readonly SqlResult[]> {
  const results: Promise<readonly SqlResult[]> = run(
    statements.map((one, i) => one.handOver(() => results.then((all) => all[i] as SqlResult))),
  )
  return results
}

function withPlaceholders(text: readonly string[], dialect: SqlDatabase['dialect']): string {
  if (dialect !== 'postgres') return text.join('?')
  let joined = text[0] ?? ''
  for (let i = 1; i < text.length; i++) joined += `$${i}${text[i] ?? ''}`
  return joined
}
