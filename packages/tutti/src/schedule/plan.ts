import type { FiringRecord } from './firing-record.ts'
import type { StoredContext } from './stored-context.ts'

/** Times of a timetable from one to another, both included. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What somebody asked for with `runNow`. */
export interface Request {
  readonly key: string
  readonly at: number
  readonly context: StoredContext | undefined
}

/** A firing that has begun and not ended. */
export interface Firing {
  readonly key: string
  /** The time that it is for. */
  readonly at: number
  readonly manual: boolean
  readonly context: StoredContext | undefined
  /** When its first attempt began. */
  readonly startedAt: number
  /** `running`: a process is at it, or was when it died. `waiting`: any process may go on with it from `until` on. */
  readonly state: 'running' | 'waiting'
  readonly until: number
  /** How often it was begun. */
  readonly attempt: number
  readonly failures: number
  /** How often the process died that was at it. */
  readonly interruptions: number
}

/** What all processes know and obey about a schedule: the document `schedules/<name>`. Times in milliseconds since 1970. */
export interface Plan {
  /** The text of the timetable. */
  readonly timetable: string
  /** All times up to here were dealt with: they were run, left out, or put in the backlog. */
  readonly cursor: number
  /** Times that are to be run although newer ones were dealt with. */
  readonly backlog: readonly Span[]
  readonly requests: readonly Request[]
  readonly firing?: Firing
  readonly paused: boolean
  /** How many records there were: gives each its place in the history. */
  readonly sequence: number
  /** The last firing that ended. */
  readonly last?: FiringRecord
}

/** The key of a plan's document. */
export function planKey(name: string): string {
  return `schedules/${name}`
}

/** The plan of a schedule that nobody has run yet: what was before now does not count. */
export function newPlan(timetable: string, now: number): Plan {
  return { timetable, cursor: now, backlog: [], requests: [], paused: false, sequence: 0 }
}
