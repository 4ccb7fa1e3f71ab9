import type { Verbs } from '../message/index.ts'
import type { Logger } from '../observe/index.ts'

/** What the function of a step gets. */
export interface StepContext {
  /** The same for every attempt of this step, in whatever process: hand it to others as the idempotency key. */
  readonly key: string
  /** How often it has been tried, this time included. */
  readonly attempt: number
  /** Fires when the step is given up: its time is over, the run was cancelled, or another process has taken the run over. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Carries a command out; one of an aggregate is carried out once, however often the step is tried. */
  readonly send: Verbs['send']
  /** Asks a query. */
  readonly ask: Verbs['ask']
}
