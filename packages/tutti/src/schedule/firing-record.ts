import type { ErrorFacts } from '../kernel/index.ts'

/**
 * How a firing ended. `skipped`: its time came while another one ran. `missed`: nobody was there at its time. `replaced`: it was ended in
 * favour of a newer one. `interrupted`: its process died, and it was not repeated.
 */
export type FiringOutcome = 'succeeded' | 'failed' | 'replaced' | 'interrupted' | 'skipped' | 'missed'

/** One entry of a schedule's history: a firing that ended, or some that never began. */
export interface FiringRecord {
  /** The same as the handler's `ctx.key`; of several, that of the first. */
  readonly key: string
  readonly outcome: FiringOutcome
  /** The time that it was for. */
  readonly scheduledAt: Date
  /** Of several that never began: the last time. */
  readonly until: Date | undefined
  /** How many it stands for; no more than 100 are counted. */
  readonly count: number
  readonly manual: boolean
  /** When its first attempt began; `undefined` where none did. */
  readonly startedAt: Date | undefined
  readonly endedAt: Date
  /** How often it was begun. */
  readonly attempts: number
  /** The process that wrote this. */
  readonly owner: string
  readonly error: ErrorFacts | undefined
}
