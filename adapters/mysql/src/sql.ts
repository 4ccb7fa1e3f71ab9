import { StorageError } from 'tutti/storage'
import { isNotPreparable } from './failures.ts'
import type { Lease, UserResult } from './lease.ts'

/** A statement of a user. */
export interface UserStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Whether it runs within a transaction of Tutti's. */
  readonly transaction: boolean
}

/** Statements that commit whatever transaction is going on, or take it over. */
const endsTransaction =
  /^[\s(]*(?:alter|begin|commit|create(?!\s+temporary)|drop(?!\s+temporary)|grant|lock|rename|revoke|rollback|start|truncate|unlock|xa)\b/i

/** Runs a statement of a user: one only, its values apart from the text. */
export async function runStatement(lease: Lease, { text, values, transaction }: UserStatement): Promise<UserResult> {
  if (transaction && endsTransaction.test(text))
    throw new StorageError(
      'TUTTI_OPTION_INVALID',
      `Received the statement ${JSON.stringify(text.slice(0, 100))} within a transaction, which it would commit or end; run it outside.`,
    )
  const parameters = values.map(parameter)
  try {
    return await lease.execute(text, parameters)
  } catch (error) {
    if (!isNotPreparable(error) || values.length > 0) throw error
    return lease.run(text)
  }
}

/** A value as the library sends it: a `bigint` as digits, bytes as bytes, `undefined` as null. */
function parameter(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array && !Buffer.isBuffer(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return value
}
