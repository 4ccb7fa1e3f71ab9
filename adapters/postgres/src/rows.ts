import type { DocumentRow, StreamState } from 'tutti/storage'

/** A row as the server sends it: texts in the order of the columns. */
export type TextRow = readonly (string | null)[]

/** The columns that `eventOf` reads, of a table called `e`. */
export const eventColumns = 'e.id, e.type, e.version, e.data, e.meta, e.position, e.stream, e.stream_version, e.time, e.tenant'

/** The columns that `documentOf` reads, of a table called `d`. */
export const documentColumns =
  'd.key, d.version, d.epoch, d.due, d.lease_until, d.updated_at, d.owner, d.status, d.tenant, d.hints, d.value'

/** An event of a row whose columns begin at `at`. */
export function eventOf(row: TextRow, at = 0) {
  return {
    id: row[at] as string,
    type: row[at + 1] as string,
    version: Number(row[at + 2]),
    data: row[at + 3] as string,
    meta: row[at + 4] as string,
    position: Number(row[at + 5]),
    stream: row[at + 6] as string,
    streamVersion: Number(row[at + 7]),
    time: Number(row[at + 8]),
    tenant: row[at + 9] ?? null,
  }
}

/** A document of a row, or of the array that claims give. */
export function documentOf(row: readonly (string | number | null)[]): DocumentRow {
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
export function streamStateOf(row: TextRow): StreamState {
  return { version: Number(row[0]), first: Number(row[1]), archived: row[2] === 't', tombstoned: row[3] === 't' }
}

function numberOrNull(value: string | number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function textOrNull(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
