import type { Document } from '../storage/index.ts'
import { nextDue, type Rules } from './due.ts'
import type { FiringRecord } from './firing-record.ts'
import type { Firing, Plan } from './plan.ts'

/** `waiting` for its next time; `running`; `retrying`: a firing that failed waits for its next attempt; `paused` by somebody. */
export type ScheduleState = 'waiting' | 'running' | 'retrying' | 'paused'

/** A firing that has begun and not ended. */
export interface FiringStatus {
  readonly key: string
  readonly scheduledAt: Date
  readonly manual: boolean
  readonly startedAt: Date
  readonly attempt: number
  /** The process that is at it; `undefined` where it waits for its next attempt, or for another process to take over. */
  readonly owner: string | undefined
}

/** How a schedule is. */
export interface ScheduleStatus {
  readonly name: string
  /** Its cron text with the time zone, or its interval. */
  readonly timetable: string
  readonly state: ScheduleState
  /** When it fires next; `undefined` while it is paused. */
  readonly next: Date | undefined
  readonly firing: FiringStatus | undefined
  /** Whether more firings wait for their turn than the one that runs. */
  readonly behind: boolean
  /** The last firing that ended. */
  readonly last: FiringRecord | undefined
}

/** How a schedule is, as the storage knows it. */
export function statusOf(rules: Rules, document: Document<Plan> | undefined, now: number): ScheduleStatus {
  const { name, timetable } = rules
  const plan = document?.value
  const paused = plan?.paused === true
  const next = paused ? undefined : nextDue({ cursor: Math.max(plan?.cursor ?? now, now) }, rules)
  const held = document?.leaseUntil !== undefined && document.leaseUntil > now
  return {
    name,
    timetable: timetable.text,
    state: plan?.firing?.state === 'running' ? 'running' : paused ? 'paused' : plan?.firing === undefined ? 'waiting' : 'retrying',
    next: next === undefined ? undefined : new Date(next),
    firing: plan?.firing && firingStatus(plan.firing, held ? document.owner : undefined),
    behind: plan !== undefined && (plan.backlog.length > 0 || plan.requests.length > 0),
    last: plan?.last,
  }
}

function firingStatus({ key, at, manual, startedAt, attempt }: Firing, owner: string | undefined): FiringStatus {
  return { key, scheduledAt: new Date(at), manual, startedAt: new Date(startedAt), attempt, owner }
}
