import { errorFacts, type ErrorFacts } from '../kernel/index.ts'
import { countOf, dueAt, dueSpan, withoutLast, type Rules } from './due.ts'
import type { FiringOutcome, FiringRecord } from './firing-record.ts'
import type { Firing, Plan, Span } from './plan.ts'

/** A plan and what is to be written into the history with it. */
export interface Step {
  readonly plan: Plan
  readonly records: readonly FiringRecord[]
}

/** Who changes a plan, and when. */
export interface Moment {
  readonly now: number
  readonly owner: string
}

/** How late a time may be noticed that is not to be made up for, in milliseconds: a process that restarts has not missed it. */
const grace = 60_000

/** Deals with the times that came due by `until` while a firing ran or waited for its next attempt. */
export function overlap(step: Step, rules: Rules, moment: Moment & { readonly until: number }): Step {
  const span = dueSpan(rules, step.plan.cursor, moment.until)
  if (span === undefined) return step
  const plan = { ...step.plan, cursor: span.to }
  const { records } = step
  switch (rules.policies.overlap) {
    case 'skip':
      return { plan, records: [...records, leftOut(rules, span, { ...moment, outcome: 'skipped' })] }
    case 'queue':
      return { plan: { ...plan, backlog: appended(plan.backlog, span, rules) }, records }
    case 'replace': {
      const older = [...plan.backlog, withoutLast(rules, span)].filter((one) => one !== undefined)
      const dropped = older.map((one) => leftOut(rules, one, { ...moment, outcome: 'skipped' }))
      const { firing, ...rest } = plan
      const replaced = firing === undefined ? [] : [recordOf(firing, { ...moment, outcome: 'replaced' })]
      return { plan: { ...rest, backlog: [{ from: span.to, to: span.to }] }, records: [...records, ...replaced, ...dropped] }
    }
  }
}

/** Deals with the times that came due by now while nothing ran: only the last of them can be in time. */
export function comeDue(step: Step, rules: Rules, moment: Moment): Step {
  const span = dueSpan(rules, step.plan.cursor, moment.now)
  if (span === undefined) return step
  const plan = { ...step.plan, cursor: span.to }
  const { missed } = rules.policies
  if (missed === 'all') return { plan: { ...plan, backlog: appended(plan.backlog, span, rules) }, records: step.records }
  const isLate = missed === 'skip' && moment.now - dueAt(rules, span.to) > grace
  const left = isLate ? span : withoutLast(rules, span)
  const records = left === undefined ? step.records : [...step.records, leftOut(rules, left, { ...moment, outcome: 'missed' })]
  return isLate ? { plan, records } : { plan: { ...plan, backlog: appended(plan.backlog, { from: span.to, to: span.to }, rules) }, records }
}

/** The record of a firing that ended. */
export function recordOf(
  firing: Firing,
  { now, owner, outcome, error }: Moment & { readonly outcome: FiringOutcome; readonly error?: unknown },
): FiringRecord {
  const { key, at, manual, startedAt, attempt } = firing
  const facts: ErrorFacts | undefined = error === undefined ? undefined : errorFacts(error)
  return {
    key,
    outcome,
    scheduledAt: new Date(at),
    until: undefined,
    count: 1,
    manual,
    startedAt: new Date(startedAt),
    endedAt: new Date(now),
    attempts: attempt,
    owner,
    error: facts,
  }
}

/** The record of times at which nothing began. */
export function leftOut(
  rules: Rules,
  span: Span,
  { now, owner, outcome }: Moment & { readonly outcome: 'skipped' | 'missed' },
): FiringRecord {
  return {
    key: keyOf(rules.name, span.from),
    outcome,
    scheduledAt: new Date(span.from),
    until: span.to === span.from ? undefined : new Date(span.to),
    count: countOf(rules, span),
    manual: false,
    startedAt: undefined,
    endedAt: new Date(now),
    attempts: 0,
    owner,
    error: undefined,
  }
}

/** What names the firing of a schedule for a time. */
export function keyOf(name: string, time: number): string {
  return `${name}@${new Date(time).toISOString()}`
}

function appended(backlog: readonly Span[], span: Span, { timetable }: Rules): readonly Span[] {
  const last = backlog.at(-1)
  if (last === undefined || timetable.next(last.to) !== span.from) return [...backlog, span]
  return [...backlog.slice(0, -1), { from: last.from, to: span.to }]
}
