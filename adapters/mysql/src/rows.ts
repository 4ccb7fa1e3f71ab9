import type { DocumentRow, DriverReader, StreamState } from 'tutti/storage'
import type { Row } from './lease.ts'

/** An event as stores read it. */
export type EventRow = Awaited<ReturnType<DriverReader['stream']>>[number]

/** The columns that `eventOf` reads, of a table called `e`. */
export const eventColumns = 'e.id, e.type, e.version, e.data, e.meta, e.position, e.stream, e.stream_version, e.time, e.tenant'

/** The columns that `documentOf` reads. */
export const documentColumns = 'doc_key, version, epoch, due, lease_until, updated_at, owner, status, tenant, hints, value'

/** An event of a row of `eventColumns`. */
export function eventOf(row: Row): EventRow {
  return {
    id: row[0] as string,
    type: row[1] as string,
    version: Number(row[2]),
    data: row[3] as string,
    meta: row[4] as string,
    position: Number(row[5]),
    stream: row[6] as string,
    streamVersion: Number(row[7]),
    time: Number(row[8]),
    tenant: textOrNull(row[9]),
  }
}

/** A document of a row of `documentColumns`. */
export function documentOf(row: Row): DocumentRow {
  const [key, version, epoch, due, leaseUntil, updatedAt, owner, status, tenant, hints, value] = row
  return {
    key: String(key),
    version: Number(version),
    epoch: Number(epoch),
    due: numberOrNull(due),
    leaseUntil: numberOrNull(leaseUntil),
    updatedAt: Number(updatedAt),
    owner: textOrNull(owner),
    status: textOrNull(status),
    tenant: textOrNull(tenant),
    hints: textOrNull(hints),
    value: String(value),
  }
}

/** The state of a stream of `version, first, archived, tombstoned`. */
export function streamStateOf([version, first, archived, tombstoned]: Row): StreamState {
  return { version: Number(version), first: Number(first), archived: Number(archived) === 1, tombstoned: Number(tombstoned) === 1 }
}

function numberOrNull(value: string | number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function textOrNull(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
