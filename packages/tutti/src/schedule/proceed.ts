import { comeDue, keyOf, overlap, recordOf, type Moment, type Step } from './come-due.ts'
import type { Rules } from './due.ts'
import type { Firing, Plan } from './plan.ts'

/** A clock that is set back by less shows times again that were dealt with, and they do not count twice. By more, it was wrong before. */
const longestSetBack = 3_600_000

/** A handler that takes its process down each time must not take down all of them for ever. */
const mostInterruptions = 5

/** What the claimer of a plan does with it: takes over what a dead process has left, notes what came due, and begins a firing if it is time. */
export function proceed(
  { plan, records }: Step,
  rules: Rules,
  /** `heldUntil`: when the lease ended of the process that was at it. */
  moment: Moment & { readonly heldUntil: number },
): Step {
  const { now } = moment
  const known = isAhead(plan, now) ? { ...plan, cursor: now } : plan
  const noted =
    plan.firing?.state === 'running' ? takeOver({ plan: known, records }, rules, moment) : note({ plan: known, records }, rules, moment)
  return { plan: begin(noted.plan, rules, now), records: noted.records }
}

/** Whether a plan was written by a clock that was so far ahead that it counts anew. */
export function isAhead({ cursor }: Plan, now: number): boolean {
  return cursor > now + longestSetBack
}

/** Whether a step has a firing that is to be run now. */
export function hasBegun(step: Step): step is BegunStep {
  return step.plan.firing?.state === 'running'
}

/** A step with a firing that is to be run now. */
export interface BegunStep extends Step {
  readonly plan: Plan & { readonly firing: Firing }
}

/** How the attempt of a firing ended. `given-back`: it was ended because its process ends, and another one is to do it. */
export type AttemptResult =
  | { readonly kind: 'succeeded' | 'replaced' | 'given-back' }
  | { readonly kind: 'failed'; readonly error: unknown; readonly retryAt: number | undefined }

/** What becomes of a plan when an attempt of its firing has ended. */
export function conclude({ plan, records }: Step, rules: Rules, moment: Moment & { readonly result: AttemptResult }): Step {
  const { firing, ...rest } = plan
  if (firing === undefined) return { plan, records }
  const { now, owner, result } = moment
  if (result.kind === 'given-back') return { plan: { ...rest, firing: { ...firing, state: 'waiting', until: now } }, records }
  const failures = firing.failures + 1
  if (result.kind === 'failed' && result.retryAt !== undefined)
    return { plan: { ...rest, firing: { ...firing, state: 'waiting', until: result.retryAt, failures } }, records }
  const error = result.kind === 'failed' ? result.error : undefined
  const step = { plan: rest, records: [...records, recordOf(firing, { now, owner, outcome: result.kind, error })] }
  return plan.paused ? step : overlap(step, rules, { ...moment, until: now })
}

function note(step: Step, rules: Rules, moment: Moment): Step {
  if (step.plan.paused) return step
  return step.plan.firing === undefined ? comeDue(step, rules, moment) : overlap(step, rules, { ...moment, until: moment.now })
}

/** Until its lease ended, the dead process was still at the firing as far as anybody knew; later nobody was there. */
function takeOver(before: Step, rules: Rules, moment: Moment & { readonly heldUntil: number }): Step {
  const { now, heldUntil } = moment
  const { paused } = before.plan
  const overlapped = paused ? before : overlap(before, rules, { ...moment, until: Math.min(heldUntil, now) })
  const { plan, records } = paused ? overlapped : comeDue(overlapped, rules, moment)
  const { firing, ...rest } = plan
  if (firing === undefined) return { plan, records }
  const interruptions = firing.interruptions + 1
  if (rules.policies.interrupted === 'skip' || interruptions > mostInterruptions)
    return { plan: rest, records: [...records, recordOf(firing, { ...moment, outcome: 'interrupted' })] }
  return { plan: { ...rest, firing: { ...firing, state: 'waiting', until: now, interruptions } }, records }
}

/** Begins what is to be done first: the firing that was begun already, then what somebody asked for, then what is due. */
function begin(plan: Plan, rules: Rules, now: number): Plan {
  const { firing, requests, backlog, paused } = plan
  if (firing !== undefined) {
    if (paused || firing.until > now) return plan
    return { ...plan, firing: { ...firing, state: 'running', until: now, attempt: firing.attempt + 1 } }
  }
  const [request, ...others] = requests
  if (request !== undefined) return { ...plan, requests: others, firing: firstAttempt(now, { ...request, manual: true }) }
  const [span, ...later] = backlog
  if (paused || span === undefined) return plan
  const { from: at, to } = span
  const next = rules.timetable.next(at)
  const rest = next === undefined || next > to ? later : [{ from: next, to }, ...later]
  return { ...plan, backlog: rest, firing: firstAttempt(now, { key: keyOf(rules.name, at), at, context: undefined, manual: false }) }
}

function firstAttempt(now: number, what: Pick<Firing, 'key' | 'at' | 'manual' | 'context'>): Firing {
  return { ...what, startedAt: now, state: 'running', until: now, attempt: 1, failures: 0, interruptions: 0 }
}
