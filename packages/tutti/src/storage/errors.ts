import { TuttiError, type ErrorCode, type TuttiErrorOptions } from '../kernel/index.ts'

/** What a writer expects of a stream: its version, that it does not exist, that it exists, or nothing. */
export type Expected = number | 'none' | 'exists' | 'any'

/** Something a storage could not do. */
export class StorageError extends TuttiError {
  constructor(code: ErrorCode, message: string, options?: TuttiErrorOptions) {
    super(code, message, options)
  }
}

/** Whether something failed because the storage could not work, so that no statement or event is to blame. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof StorageError && error.status === 503
}

/** A statement of a batch failed, and those behind it were not run. The cause is what the backend says. */
export class SqlBatchError extends StorageError {
  /** Which one it was, from 0. */
  readonly index: number

  constructor(index: number, count: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super('TUTTI_SQL_BATCH_FAILED', `Statement ${index + 1} of ${count} failed: ${reason}`, { cause, details: { index } })
    this.index = index
  }
}

/** The stream is not as the writer expected; nothing was written. */
export class StreamConflictError extends StorageError {
  readonly stream: string
  readonly expected: Expected
  /** The stream's version; 0 where it does not exist. */
  readonly actual: number

  constructor(stream: string, expected: Expected, actual: number) {
    const wanted = typeof expected === 'number' ? `version ${expected}` : expected === 'none' ? 'no such stream' : 'an existing stream'
    super(
      'TUTTI_STREAM_CONFLICT',
      `The stream ${JSON.stringify(stream)} has version ${actual}; wanted ${wanted}. Read it again and decide anew.`,
      {
        status: 409,
        details: { stream, expected, actual },
      },
    )
    this.stream = stream
    this.expected = expected
    this.actual = actual
  }
}

/** A document is not as the writer expected; nothing was written. */
export class DocumentConflictError extends StorageError {
  readonly key: string
  /** The document's version; 0 where it does not exist. */
  readonly actual: number

  constructor(key: string, expected: number, actual: number) {
    super(
      'TUTTI_DOCUMENT_CONFLICT',
      `The document ${JSON.stringify(key)} has version ${actual}; wanted version ${expected}. Read it again and decide anew.`,
      {
        status: 409,
        details: { key, expected, actual },
      },
    )
    this.key = key
    this.actual = actual
  }
}

/** The lease under which a document was written is no longer held; nothing was written. */
export class LeaseLostError extends StorageError {
  readonly key: string

  constructor(key: string, epoch: number, actual: number) {
    super(
      'TUTTI_LEASE_LOST',
      `The lease of ${JSON.stringify(key)} with epoch ${epoch} is over: it is now at epoch ${actual}. Another process has taken the work over; stop yours.`,
      {
        details: { key, epoch, actual },
      },
    )
    this.key = key
  }
}
