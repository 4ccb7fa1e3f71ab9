import type { SQLInputValue } from 'node:sqlite'
import type { DocumentRow, ListQuery } from '../driver.ts'
import type { Connection } from './connection.ts'
import { behindPrefix } from './prefix.ts'

/** The columns of a document as drivers give it. */
export const documentColumns =
  'key, value, hints, version, status, due, tenant, owner, lease_until as leaseUntil, epoch, updated_at as updatedAt'

export function readDocuments(connection: Connection, keys: readonly string[]): (DocumentRow | undefined)[] {
  return keys.map((key) => connection.get<DocumentRow>(`select ${documentColumns} from tutti_documents where key = ?`, key))
}

/** Documents of one collection: by the index of what is due, of the status, or of the keys. */
export function listDocuments(connection: Connection, { prefix, status, tenant, dueBefore, after, limit }: ListQuery): DocumentRow[] {
  const conditions = ['key >= ?']
  const values: SQLInputValue[] = [prefix]
  const also = (condition: string, value: SQLInputValue): void => {
    conditions.push(condition)
    values.push(value)
  }
  const end = behindPrefix(prefix)
  if (end !== undefined) also('key < ?', end)
  if (after !== undefined) also('key > ?', after)
  if (status !== undefined) also('status = ?', status)
  if (tenant !== undefined) also('tenant = ?', tenant)
  if (dueBefore !== undefined) also('due <= ?', dueBefore)
  const byIndex = dueBefore !== undefined || status !== undefined
  if (byIndex) also('collection = ?', prefix.slice(0, prefix.indexOf('/')))
  const index = dueBefore !== undefined ? 'indexed by tutti_documents_due' : byIndex ? 'indexed by tutti_documents_status' : ''
  return connection.all<DocumentRow>(
    `select ${documentColumns} from tutti_documents ${index} where ${conditions.join(' and ')}
     order by ${dueBefore === undefined ? 'key' : 'due, key'} limit ?`,
    ...values,
    limit,
  )
}
