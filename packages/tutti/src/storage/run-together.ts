import { RunningTransaction } from './running-transaction.ts'
import { handOverAll, Statement } from './sql/statement.ts'
import type { SqlResult } from './sql-database.ts'
import type { Transaction } from './storage.ts'

/**
 * Runs statements in a transaction, in their turn and together with those of earlier calls that no other call came behind. Rejects with the
 * error of the first that fails; those behind it are not run. `undefined` where one is no statement of the transaction or its storage, or
 * runs already.
 */
export function runTogether(tx: Transaction, given: readonly unknown[]): Promise<readonly SqlResult[]> | undefined {
  if (given.length === 0 || !(tx instanceof RunningTransaction)) return undefined
  const statements = new Set<Statement>()
  for (const one of given) if (one instanceof Statement && one.isNewOf(tx.host)) statements.add(one)
  return statements.size === given.length ? handOverAll([...statements], (all) => tx.together(all)) : undefined
}
