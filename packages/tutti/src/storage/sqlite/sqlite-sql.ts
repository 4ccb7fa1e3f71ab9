import type { SQLOutputValue, StatementSync } from 'node:sqlite'
import { OptionError } from '../../kernel/index.ts'
import type { SqlResult, SqlRow } from '../sql-database.ts'
import { sqliteCode } from './busy.ts'
import type { Connection } from './connection.ts'
import { behindNoise, firstWord } from '../sql/first-word.ts'
import { sqliteValue } from './sql-values.ts'

/** SQLITE_READONLY: the connection that only reads was asked to write. */
const readOnly = 8

/** What a user's statement adds to the log, roughly, as nobody tells; 0 where it can but read. */
export function statementBytes(text: string): number {
  const word = firstWord(text)
  return reads.has(word) && word !== 'with' ? 0 : 8192
}

/** What statements that may but read begin with; others go to the connection that writes at once. */
const reads = new Set(['select', 'with', 'values', 'explain'])

/** Tutti's own: transactions are begun and ended by `transaction()`. */
const control = new Set(['begin', 'commit', 'end', 'rollback', 'savepoint', 'release'])

/** Whether a statement may be tried on the connection that only reads. */
export function mayRead(text: string): boolean {
  return reads.has(firstWord(text))
}

/** Whether an error says that a statement wanted to write on the connection that only reads: nothing was done then. */
export function wantedToWrite(error: unknown): boolean {
  return sqliteCode(error) === readOnly
}

/** Runs a user's statement on a connection. */
export function runUsers(connection: Connection, text: string, values: readonly unknown[]): SqlResult {
  if (control.has(firstWord(text)))
    throw new OptionError(
      `sql received ${JSON.stringify(text.trim().slice(0, 40))}; wanted transaction(work), which begins and ends what it does.`,
    )
  const statement = connection.users(text)
  // SQLite compiles the first of several statements, and says nothing of the others.
  if (behindNoise(text, statement.sourceSQL.length) < text.length)
    throw new OptionError(
      `sql received several statements at once, beginning with ${JSON.stringify(text.trim().slice(0, 40))}; wanted one at a time.`,
    )
  const given = values.map(sqliteValue)
  if (statement.columns().length === 0) {
    const { changes, lastInsertRowid } = statement.run(...given)
    return { rows: [], changes: Number(changes), insertId: lastInsertRowid }
  }
  const before = totalChanges(connection)
  const rows = readAll(statement, given)
  const changes = totalChanges(connection) === before ? 0 : (connection.get<{ n: number }>('select changes() as n')?.n ?? 0)
  return { rows, changes }
}

/** Integers beyond 2^53 come as bigints, all others as numbers. */
function readAll(statement: StatementSync, values: readonly ReturnType<typeof sqliteValue>[]): SqlRow[] {
  statement.setReadBigInts(true)
  return statement.all(...values).map(plainIntegers)
}

function plainIntegers(row: Record<string, SQLOutputValue>): SqlRow {
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) row[name] = Number(value)
  }
  return row
}

function totalChanges(connection: Connection): number {
  return connection.get<{ n: number }>('select total_changes() as n')?.n ?? 0
}
