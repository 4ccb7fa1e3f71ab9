import { TuttiError } from '../kernel/index.ts'

/** Something about a projection or subscription that cannot be done. */
export class ProjectionError extends TuttiError {}

/** Statements that ran together took too long, so nobody knows which event is to blame; the cause says how long. */
export class StatementsTimeoutError extends Error {
  constructor(cause: unknown) {
    super('Statements took too long.', { cause })
  }
}

/** A handler failed on an event; the cause is what it threw. */
export class HandlerFailure extends Error {
  /** The event's place in the batch. */
  readonly index: number

  constructor(index: number, cause: unknown) {
    super('A handler failed.', { cause })
    this.index = index
  }
}
