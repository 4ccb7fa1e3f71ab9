import { expectation, type Conflict, type Unit, type UnitResult, type WriteResult } from './driver.ts'
import { DocumentConflictError, LeaseLostError, StorageError, StreamConflictError, type Expected } from './errors.ts'

/** `expected` as drivers take it. Throws for what is none. */
export function expectedNumber(expected: Expected): number {
  if (typeof expected === 'string' && Object.hasOwn(expectation, expected)) return expectation[expected]
  if (typeof expected === 'number' && Number.isSafeInteger(expected) && expected >= 0) return expected
  throw new StorageError(
    'TUTTI_OPTION_INVALID',
    `append received expected ${JSON.stringify(expected)}; wanted a version of 0 or more, "none", "exists" or "any".`,
  )
}

/** The results of a unit's writes. Throws what fits the conflict where there was one. */
export function resultsOf(unit: Unit, result: UnitResult): readonly WriteResult[] {
  if (result.ok) return result.results
  throw conflictError(unit, result.conflict)
}

function conflictError(unit: Unit, { write, reason, actual }: Conflict): StorageError {
  const failed = unit.writes[write]
  if (failed?.kind === 'append') {
    if (reason === 'archived') {
      return new StorageError(
        'TUTTI_STREAM_ARCHIVED',
        `The stream ${JSON.stringify(failed.stream)} is archived; restore it before you append.`,
        { status: 409, details: { stream: failed.stream } },
      )
    }
    if (reason === 'tombstoned') {
      return new StorageError(
        'TUTTI_STREAM_TOMBSTONED',
        `The stream ${JSON.stringify(failed.stream)} was deleted for ever; use another name.`,
        { status: 410, details: { stream: failed.stream } },
      )
    }
    return new StreamConflictError(failed.stream, expectedOf(failed.expected), actual)
  }
  if (failed?.kind === 'put' || failed?.kind === 'delete') {
    return reason === 'epoch'
      ? new LeaseLostError(failed.key, failed.epoch ?? 0, actual)
      : new DocumentConflictError(failed.key, failed.ifVersion ?? 0, actual)
  }
  return new StorageError('TUTTI_INTERNAL', `A write of kind ${String(failed?.kind)} met an unexpected ${reason}.`)
}

function expectedOf(expected: number): Expected {
  if (expected === expectation.none) return 'none'
  return expected === expectation.exists ? 'exists' : expected
}
