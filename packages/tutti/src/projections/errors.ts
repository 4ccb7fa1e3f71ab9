import { TuttiError } from '../kernel/index.ts'

/** Something about a projection or subscription that cannot be done. */
export class ProjectionError extends TuttiError {}

/** Statements of several events ran together and failed in a way that does not tell which of them is to blame. */
export class SharedFailure extends Error {
  constructor(cause: unknown) {
    super('Statements of several events failed.', { cause })
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
