import type { ClaimWrite, RenewWrite, Unit } from 'tutti/storage'
import { isBatchUnit, type BatchUnit } from './writes.ts'

/** Units that one statement does: first those of `write_batch`, then claims and renewals. `at` are their places in the commit. */
export interface SharedSegment {
  readonly kind: 'shared'
  readonly batch: { readonly at: number[]; readonly units: BatchUnit[] }
  readonly claims: { readonly at: number; readonly write: ClaimWrite | RenewWrite }[]
}

/** A unit that is done by itself. */
export interface LoneSegment {
  readonly kind: 'lone'
  readonly at: number
  readonly unit: Unit
}

export type Segment = SharedSegment | LoneSegment

/** Parts a commit into statements. Nearly always it is one: the rare changes of whole streams go by themselves, in their turn. */
export function segmentsOf(units: readonly Unit[]): Segment[] {
  const segments: Segment[] = []
  let shared: SharedSegment | undefined
  const open = (): SharedSegment => {
    if (shared === undefined) segments.push((shared = { kind: 'shared', batch: { at: [], units: [] }, claims: [] }))
    return shared
  }
  for (const [at, unit] of units.entries()) {
    const [first] = unit.writes
    if (isBatchUnit(unit)) {
      const { batch } = open()
      batch.at.push(at)
      batch.units.push(unit)
    } else if (unit.writes.length === 1 && (first?.kind === 'claim' || first?.kind === 'renew')) {
      open().claims.push({ at, write: first })
    } else {
      segments.push({ kind: 'lone', at, unit })
      shared = undefined
    }
  }
  return segments
}
