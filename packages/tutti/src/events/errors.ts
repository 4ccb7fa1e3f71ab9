import { shown, TuttiError, type ErrorCode, type TuttiErrorOptions } from '../kernel/index.ts'
import type { Expected } from '../storage/index.ts'

/** An aggregate that was defined wrongly, that broke its own rules, or whose state cannot be built. */
export class AggregateError extends TuttiError {
  constructor(code: ErrorCode, message: string, options?: TuttiErrorOptions) {
    super(code, message, options)
  }
}

/** There is no aggregate with this id, or there was none at the version or time that was asked for (404). */
export class AggregateNotFoundError extends AggregateError {
  readonly aggregate: string
  readonly id: string

  constructor(aggregate: string, id: string, when = '') {
    super('TUTTI_AGGREGATE_NOT_FOUND', `There is no ${aggregate} with the id ${shown(id)}${when}.`, {
      status: 404,
      details: { aggregate, id },
    })
    this.aggregate = aggregate
    this.id = id
  }
}

/** The aggregate is not of the version that the sender of a command expected (412); nothing was written. */
export class ExpectedVersionError extends AggregateError {
  readonly expected: Expected
  /** The version that is there; 0 where there is no such aggregate. */
  readonly actual: number

  constructor(stream: string, expected: Expected, actual: number) {
    const wanted = typeof expected === 'number' ? `version ${expected}` : expected === 'none' ? 'none yet' : 'an existing one'
    super('TUTTI_PRECONDITION_FAILED', `${shown(stream)} has version ${actual}; wanted ${wanted}. Load it again and decide anew.`, {
      status: 412,
      details: { stream, expected, actual },
    })
    this.expected = expected
    this.actual = actual
  }
}
