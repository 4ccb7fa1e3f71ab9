import { prefixOf } from './place.ts'
import { openStatus, type JournalRecord, type RunValue } from './run-document.ts'

/** A run as it goes on when it is retried, by its journal; `undefined` where there is nothing to retry. */
export function retried(
  value: RunValue,
  records: readonly JournalRecord[],
): { readonly value: RunValue; readonly status: string } | undefined {
  const status = openStatus(value.version)
  // What has ended has to be let in again; what is stuck has kept its place.
  const { problem, failure, endedAt: _endedAt, admission, ...rest } = value
  switch (value.state) {
    case 'stuck':
      return {
        value: {
          ...rest,
          ...(admission && { admission }),
          state: failure === undefined ? 'queued' : 'undoing',
          ...(failure && { failure }),
        },
        status,
      }
    case 'failed':
      return { value: { ...rest, state: 'queued', voided: [...(value.voided ?? []), ...failedPlaces(records, failure?.path)] }, status }
    case 'compensation-failed': {
      const voided = records.flatMap(({ path, failure: reason }, seq) => (reason !== undefined && path === problem?.path ? [seq] : []))
      return { value: { ...rest, state: 'undoing', ...(failure && { failure }), voided: [...(value.voided ?? []), ...voided] }, status }
    }
    default:
      return undefined
  }
}

/** The records of a step that failed, and of the branches that failed with it. */
function failedPlaces(records: readonly JournalRecord[], failed: string | undefined): readonly number[] {
  if (failed === undefined) return []
  return records.flatMap(({ path, kind, failure }, seq) => {
    const isStep = path === failed && failure !== undefined
    const isAround = kind === 'all' && failed !== path && failed.startsWith(prefixOf(path)) && failed.includes('/')
    return isStep || isAround ? [seq] : []
  })
}
