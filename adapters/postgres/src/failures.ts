import { StorageError } from 'tutti/storage'

/** Whether a failed operation may have taken effect. */
export type Outcome = 'none' | 'unknown'

interface ServerError extends Error {
  readonly code: string
  readonly severity: string
}

/** Whether the server answered that it refuses a statement, while the connection goes on. */
export function isStatementError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR' && 'code' in error
}

/** Whether the same may be tried again at once: a deadlock, or a row that another writer created meanwhile. */
export function isContention(error: unknown): boolean {
  return isStatementError(error) && (error.code === '40P01' || error.code === '40001')
}

/** Whether a row stayed locked by another transaction. */
export function isLockTimeout(error: unknown): boolean {
  return isStatementError(error) && error.code === '55P03'
}

/** Whether there is no partition for a position yet. */
export function isPartitionMissing(error: unknown): boolean {
  return isStatementError(error) && error.code === '23514' && error.message.startsWith('no partition of relation')
}

/** A table, a schema, a function that is not there. */
const missing = ['42P01', '3F000', '42883']

/** What callers get for an error of the client library after one of Tutti's own statements. `place` names the server without its password. */
export function storageError(error: unknown, place: string, outcome: Outcome): unknown {
  if (error instanceof StorageError) return error
  if (!isStatementError(error) || error.code === '57014') {
    const reason = reasonOf(error)
    const after = outcome === 'unknown' ? ' Whether it took effect is not known: ask with the same key again.' : ' Nothing was written.'
    return new StorageError('TUTTI_STORAGE_UNAVAILABLE', `PostgreSQL at ${place} did not answer: ${reason}.${after}`, {
      status: 503,
      cause: error,
      details: { outcome },
    })
  }
  if (missing.includes(error.code))
    return new StorageError(
      'TUTTI_STORAGE_SCHEMA',
      `PostgreSQL at ${place} lacks Tutti's schema: ${error.message}. Call storage.migrate() first.`,
      {
        cause: error,
        details: { outcome: 'none' },
      },
    )
  if (isContention(error) || isLockTimeout(error))
    return new StorageError(
      'TUTTI_STORAGE_CONTENTION',
      `PostgreSQL at ${place} ended the work in favour of other work: ${error.message}. Do it again.`,
      {
        status: 503,
        cause: error,
        details: { outcome: 'none' },
      },
    )
  return error
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
