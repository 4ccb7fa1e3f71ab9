import { StorageError } from '../errors.ts'

/** SQLITE_BUSY and SQLITE_LOCKED, whatever their extended codes. */
const busyCodes = new Set([5, 6])

/** What SQLite says of an error: its result code without the extension, or 0. */
export function sqliteCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0
}

/**
 * Does work that another process's lock may hinder, and does it again between turns of the event loop until it succeeds. Throws
 * `TUTTI_STORAGE_BUSY` after `timeout` milliseconds.
 */
export async function unlessBusy<T>(work: () => T, timeout: number): Promise<T> {
  let since: number | undefined
  for (let attempt = 0; ; attempt++) {
    try {
      return work()
    } catch (error) {
      if (!busyCodes.has(sqliteCode(error))) throw error
      since ??= performance.now()
      if (performance.now() - since >= timeout) {
        throw new StorageError(
          'TUTTI_STORAGE_BUSY',
          `Another process has held the lock of the SQLite file for ${timeout} ms. Look for a long transaction there, such as in a tool that has the file open.`,
          { status: 503, cause: error },
        )
      }
      await pause(attempt)
    }
  }
}

/** Locks are mostly held for microseconds, so the first attempts follow at once. Random, so that processes do not stay in step. */
function pause(attempt: number): Promise<void> {
  if (attempt < 5) return new Promise((resolve) => setImmediate(resolve))
  const longest = Math.min(20, 2 ** (attempt - 5))
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest))
}

/** Results that are nobody's statement's fault: what failed is the machine, by SQLite's result codes. */
const machineFailures: Readonly<Record<number, string>> = {
  7: 'memory ran out',
  8: 'the file may not be written',
  10: 'the disk failed',
  11: 'the file is damaged',
  13: 'the disk is full',
  14: 'a file cannot be opened',
  26: 'the file is no database',
}

/** An error of a write as the storage's own where the machine failed; nothing of the write is there then. Others stay as they are. */
export function writeFailure(error: unknown): unknown {
  const what = machineFailures[sqliteCode(error)]
  if (what === undefined || !(error instanceof Error)) return error
  return new StorageError(
    'TUTTI_STORAGE_FAILED',
    `SQLite could not write: ${what} (${error.message}). Nothing was written; do it again when that is mended.`,
    {
      status: 503,
      cause: error,
    },
  )
}
