import type { SQLInputValue } from 'node:sqlite'
import type { DocumentRow, ListQuery, StatusCount } from '../driver.ts'
import type { Connection } from './connection.ts'
import { behindPrefix } from './prefix.ts'

/** The columns of a document as drivers give it. */
export const documentColumns =
  'key, value, hints, version, status, due, tenant, owner, lease_until as leaseUntil, epoch, updated_at as updatedAt'

export function readDocuments(connection: Connection, keys: readonly string[]): (DocumentRow | undefined)[] {
  return keys.map((key) => connection.get<DocumentRow>(`select ${documentColumns} from tutti_documents where key = ?`, key))
}

/** Documents of one collection: by the index of what is due, of tenant and status, of the status, or of the keys. */
export function listDocuments(
  connection: Connection,
  { prefix, status, tenant, dueBefore, after, backwards, limit }: ListQuery,
): DocumentRow[] {
  const conditions = ['key >= ?']
  const values: SQLInputValue[] = [prefix]
  const also = (condition: string, value: SQLInputValue): void => {
    conditions.push(condition)
    values.push(value)
  }
  const end = behindPrefix(prefix)
  if (end !== undefined) also('key < ?', end)
  if (after !== undefined) also(backwards ? 'key < ?' : 'key > ?', after)
  if (status !== undefined) also('status = ?', status)
  // Of a tenant alone they are not in the order of their keys there.
  if (tenant !== undefined) also(status === undefined ? '+tenant = ?' : 'tenant = ?', tenant)
  if (dueBefore !== undefined) also('due <= ?', dueBefore)
  const index = indexOf({ status, tenant, dueBefore })
  if (index !== '') also('collection = ?', prefix.slice(0, prefix.indexOf('/')))
  return connection.all<DocumentRow>(
    `select ${documentColumns} from tutti_documents ${index} where ${conditions.join(' and ')}
     order by ${dueBefore === undefined ? (backwards ? 'key desc' : 'key') : 'due, key'} limit ?`,
    ...values,
    limit,
  )
}

/** How many documents of a collection have which status, by the index of those. */
export function countDocuments(connection: Connection, prefix: string): StatusCount[] {
  const end = behindPrefix(prefix)
  return connection.all<StatusCount>(
    `select status, count(*) as count from tutti_documents indexed by tutti_documents_status
     where collection = ? and status is not null and key >= ?${end === undefined ? '' : ' and key < ?'} group by status`,
    prefix.slice(0, prefix.indexOf('/')),
    prefix,
    ...(end === undefined ? [] : [end]),
  )
}

function indexOf({ status, tenant, dueBefore }: Pick<ListQuery, 'status' | 'tenant' | 'dueBefore'>): string {
  if (dueBefore !== undefined) return 'indexed by tutti_documents_due'
  if (status === undefined) return ''
  return tenant === undefined ? 'indexed by tutti_documents_status' : 'indexed by tutti_documents_tenant'
}
