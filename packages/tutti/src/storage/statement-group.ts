import type { DriverStatement, DriverSql, StatementsOutcome } from './driver.ts'
import { isUnavailable, SqlBatchError } from './errors.ts'
import type { SqlResult } from './sql-database.ts'

/** Runs statements in order, and none behind one that fails. */
export async function runAll(sql: DriverSql, statements: readonly DriverStatement[]): Promise<StatementsOutcome> {
  if (sql.queryAll !== undefined && statements.length > 1) return sql.queryAll(statements)
  const results: SqlResult[] = []
  for (const { text, values } of statements) {
    try {
      results.push(await sql.query(text, values))
    } catch (error) {
      return { results, failure: { error } }
    }
  }
  return { results }
}

/** What statements gave. Throws `TUTTI_SQL_BATCH_FAILED` where one failed, or what kept the storage from working or from committing. */
export function resultsOf({ results, failure }: StatementsOutcome, count: number): readonly SqlResult[] {
  if (failure === undefined) return results
  throw isUnavailable(failure.error) || results.length === count ? failure.error : new SqlBatchError(results.length, count, failure.error)
}

interface Part {
  readonly statements: readonly DriverStatement[]
  resolve(results: readonly SqlResult[]): void
  reject(error: unknown): void
}

/** Statements of several calls that run together. */
export class StatementGroup {
  readonly #parts: Part[] = []

  /** Adds statements; resolves with their results once the group has run. */
  add(statements: readonly DriverStatement[]): Promise<readonly SqlResult[]> {
    return new Promise((resolve, reject) => this.#parts.push({ statements, resolve, reject }))
  }

  async run(sql: DriverSql): Promise<void> {
    const { results, failure } = await runAll(
      sql,
      this.#parts.flatMap(({ statements }) => statements),
    )
    let from = 0
    for (const { statements, resolve, reject } of this.#parts) {
      const to = from + statements.length
      if (to <= results.length) resolve(results.slice(from, to))
      else reject(failure?.error)
      from = to
    }
  }

  /** Tells everybody that it could not run. */
  fail(error: unknown): void {
    for (const { reject } of this.#parts) reject(error)
  }
}
