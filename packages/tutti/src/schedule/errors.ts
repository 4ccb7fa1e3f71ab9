import { TuttiError } from '../kernel/index.ts'

/** Something about a schedule that cannot be done. */
export class ScheduleError extends TuttiError {}

/** Why the signal of a firing or job has fired: it was `replaced` by a newer firing, its lease is `lost`, or its process is `stopping`. */
export type AbortCause = 'replaced' | 'lost' | 'stopping'

const explanations = {
  replaced: 'its next time has come, and that one takes its place',
  lost: 'its lease is over, and another process may have taken it over',
  stopping: 'its process stops, and another one is to do it again',
} as const

/** A firing or job was told to end; the reason of its signal. */
export class WorkAbortedError extends ScheduleError {
  readonly why: AbortCause

  constructor(what: string, why: AbortCause) {
    super('TUTTI_WORK_ABORTED', `${what} was told to end: ${explanations[why]}.`, { status: 503, details: { why } })
    this.why = why
  }
}
