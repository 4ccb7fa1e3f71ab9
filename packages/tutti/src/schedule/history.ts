import type { DocumentChange, Storage } from '../storage/index.ts'
import type { Rules } from './due.ts'
import type { FiringRecord } from './firing-record.ts'
import type { Plan } from './plan.ts'

interface Entry {
  readonly sequence: number
  readonly record: FiringRecord
}

/** The writes of records that come behind the first `sequence`: each takes the place of one that is old enough to be forgotten. */
export function historyChanges(
  { name, policies: { history } }: Rules,
  sequence: number,
  records: readonly FiringRecord[],
): readonly DocumentChange[] {
  const entries: readonly Entry[] = records.map((record, i) => ({ sequence: sequence + i, record }))
  return entries.slice(-history).map((entry) => ({ key: placeOf(name, entry.sequence % history), value: entry }))
}

/** The last records of a schedule, newest first. */
export async function readHistory(
  { state }: Pick<Storage, 'state'>,
  { name, policies: { history } }: Rules,
  { sequence, limit }: Pick<Plan, 'sequence'> & { readonly limit: number },
): Promise<readonly FiringRecord[]> {
  const numbers = Array.from({ length: Math.min(limit, history, sequence) }, (_, i) => sequence - 1 - i)
  const documents = await state.getMany<Entry>(numbers.map((number) => placeOf(name, number % history)))
  // A place that was written under another number of places holds something else.
  return documents.flatMap((document, i) =>
    document !== undefined && document.value.sequence === numbers[i] ? [document.value.record] : [],
  )
}

function placeOf(name: string, place: number): string {
  return `firings/${name}/${place}`
}
