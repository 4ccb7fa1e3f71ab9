import type { Conflict, UnitResult, WriteResult } from '../driver.ts'

/** The result of a unit with one write that took effect. */
export function done(result: WriteResult): UnitResult & { readonly ok: true } {
  return { ok: true, results: [result] }
}

/** The result of a unit with one write that met something unexpected. */
export function conflict(reason: Conflict['reason'], actual: number): UnitResult & { readonly ok: false } {
  return { ok: false, conflict: { write: 0, reason, actual } }
}
