import { firstWord, StorageError, type DriverStatement, type SqlResult } from 'tutti/storage'
import { valueSender, type PoolClient, type SentValue } from './client.ts'

/** Tutti's own: transactions are begun and ended by `transaction()`. */
const control = new Set(['abort', 'begin', 'commit', 'end', 'release', 'rollback', 'savepoint', 'start'])

/**
 * Makes what turns the values of a statement into what is sent. That throws `TUTTI_OPTION_INVALID` where one cannot be, or where the
 * statement begins or ends transactions.
 */
export async function statementSender(): Promise<(statement: DriverStatement) => SentValue[]> {
  const send = await valueSender()
  return ({ text, values }) => {
    if (control.has(firstWord(text)))
      throw new StorageError(
        'TUTTI_OPTION_INVALID',
        `sql received ${JSON.stringify(text.trim().slice(0, 40))}; wanted transaction(work), which begins and ends what it does.`,
      )
    try {
      return values.map(send)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new StorageError('TUTTI_OPTION_INVALID', `sql received a value that cannot be sent: ${reason}`, { cause })
    }
  }
}

/** How a column of the server's answers is read, by its type. */
export function readerOf(client: PoolClient, dataTypeID: number): (text: string) => unknown {
  const read: (text: string) => unknown = client.getTypeParser(dataTypeID, 'text')
  return dataTypeID === int8 ? (text) => toInteger(read(text)) : read
}

/** Runs a statement of the user. */
export async function runSql(client: PoolClient, text: string, values: SentValue[]): Promise<SqlResult> {
  // One that is prepared is one alone.
  const query = { text, values, queryMode: 'extended' }
  const { rows, rowCount, command, fields } = await client.query<Record<string, unknown>>(query)
  for (const { name, dataTypeID } of fields ?? []) if (dataTypeID === int8) for (const row of rows) row[name] = toInteger(row[name])
  return { rows, changes: command === 'SELECT' ? 0 : (rowCount ?? 0) }
}

const int8 = 20

/** The library gives 64-bit integers as text; those that a number holds exactly become one. */
function toInteger(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : BigInt(value)
}
