import { StorageError } from 'tutti/storage'

/** Whether a failed operation may have taken effect. */
export type Outcome = 'none' | 'unknown'

interface ServerError extends Error {
  readonly code: string
  readonly errno: number
  readonly sqlState: string
}

const errno = {
  tooManyConnections: 1040,
  accessDenied: 1045,
  unknownDatabase: 1049,
  shutdown: 1053,
  duplicate: 1062,
  noSuchTable: 1146,
  packetTooLarge: 1153,
  tooManyUserConnections: 1203,
  lockTimeout: 1205,
  deadlock: 1213,
  readOnlyServer: 1290,
  notPreparable: 1295,
  interrupted: 1317,
  readOnlyMode: 1836,
  killed: 1927,
} as const

/** The server goes away, or cannot be used for now. */
const unusable = new Set<number>([
  errno.tooManyConnections,
  errno.accessDenied,
  errno.unknownDatabase,
  errno.shutdown,
  errno.tooManyUserConnections,
  errno.readOnlyServer,
  errno.interrupted,
  errno.readOnlyMode,
  errno.killed,
])

/** Whether the server answered that it refuses a statement, while the connection goes on. */
export function isStatementError(error: unknown): error is ServerError {
  if (!(error instanceof Error) || !('sqlState' in error) || !('errno' in error) || typeof error.errno !== 'number') return false
  return !('fatal' in error && error.fatal === true) && !unusable.has(error.errno) && error.errno !== errno.packetTooLarge
}

/** Whether the connection is gone, or not to be used any more. Everything else that is thrown is no matter of the server's. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error) || isStatementError(error)) return false
  return ('fatal' in error && error.fatal === true) || ('code' in error && typeof error.code === 'string' && error.code.length > 0)
}

/** Whether the same may be tried again at once: a deadlock, a lock that was held for long, or a row that another writer created meanwhile. */
export function isContention(error: unknown): boolean {
  return isStatementError(error) && [errno.deadlock, errno.lockTimeout, errno.duplicate].some((one) => one === error.errno)
}

/** Whether the server may have rolled back the whole transaction because of the error. */
export function endsTransaction(error: unknown): boolean {
  return isLost(error) || (isStatementError(error) && (error.errno === errno.deadlock || error.errno === errno.lockTimeout))
}

/** Whether a statement can only be run as text. */
export function isNotPreparable(error: unknown): boolean {
  return isStatementError(error) && error.errno === errno.notPreparable
}

/** What callers get for an error of the client library. `place` names the server without its password. */
export function storageError(error: unknown, place: string, outcome: Outcome): unknown {
  if (error instanceof StorageError) return error
  if (isLost(error)) {
    const after = outcome === 'unknown' ? ' Whether it took effect is not known: ask with the same key again.' : ' Nothing was written.'
    return new StorageError('TUTTI_STORAGE_UNAVAILABLE', `The server at ${place} did not answer: ${reasonOf(error)}.${after}`, {
      status: 503,
      cause: error,
      details: { outcome },
    })
  }
  if (isStatementError(error) && (error.errno === errno.deadlock || error.errno === errno.lockTimeout))
    return new StorageError(
      'TUTTI_STORAGE_CONTENTION',
      `The server at ${place} ended the work in favour of other work: ${error.message}. Do it again.`,
      { status: 503, cause: error, details: { outcome: 'none' } },
    )
  return error
}

/** What callers get where Tutti's own tables are missing. */
export function schemaError(error: unknown): unknown {
  if (!isStatementError(error) || error.errno !== errno.noSuchTable) return error
  return new StorageError('TUTTI_STORAGE_SCHEMA', `Tutti’s tables are missing: ${error.message}. Call storage.migrate() first.`, {
    cause: error,
    details: { outcome: 'none' },
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
