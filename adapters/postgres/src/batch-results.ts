import type { Conflict, UnitResult, WriteResult } from 'tutti/storage'
import type { BatchWrite } from './batch-arguments.ts'
import type { TextRow } from './rows.ts'

/** Why a unit conflicts, by the number that the functions give for it, from 1. */
export const conflictReasons: readonly Conflict['reason'][] = ['version', 'archived', 'tombstoned', 'document', 'epoch']

/** What `write_batch` answered, unit by unit. */
export function batchResults(units: readonly { readonly writes: readonly BatchWrite[] }[], row: TextRow): UnitResult[] {
  const [failed, write, actual, versions, positions, duplicates, results] = row.map(items)
  let append = 0
  let document = 0
  return units.map(({ writes }, i): UnitResult => {
    const done = writes.map((one): WriteResult => {
      if (one.kind === 'append') {
        const version = Number(versions?.[append])
        const position = Number(positions?.[append])
        return { kind: 'append', version, position, duplicate: duplicates?.[append++] === 't' }
      }
      const result = Number(results?.[document++])
      return one.kind === 'put' ? { kind: 'put', version: result } : { kind: 'delete', existed: result === 1 }
    })
    const reason = conflictReasons[Number(failed?.[i]) - 1]
    if (reason === undefined) return { ok: true, results: done }
    return { ok: false, conflict: { write: Number(write?.[i]), reason, actual: Number(actual?.[i]) } }
  })
}

/** The items of an array of numbers or booleans as the server writes it. */
function items(text: string | null): string[] {
  return text === null ? [] : text.slice(1, -1).split(',')
}
