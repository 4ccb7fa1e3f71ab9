import { leftOut, type Moment, type Step } from './come-due.ts'
import type { Rules } from './due.ts'
import type { Request } from './plan.ts'

/** The plan as a definition wants it: another timetable counts from now on. The step itself where nothing changes. */
export function adopt(step: Step, rules: Rules, moment: Moment): Step {
  const { plan, records } = step
  if (plan.timetable === rules.timetable.text) return step
  const dropped = plan.backlog.map((span) => leftOut(rules, span, { ...moment, outcome: 'missed' }))
  return { plan: { ...plan, timetable: rules.timetable.text, cursor: moment.now, backlog: [] }, records: [...records, ...dropped] }
}

/** Nothing begins by itself from now on. */
export function pause({ plan, records }: Step): Step {
  return { plan: { ...plan, paused: true }, records }
}

/** Things begin by themselves again; what came due meanwhile does not count. */
export function resume({ plan, records }: Step, now: number): Step {
  return plan.paused ? { plan: { ...plan, paused: false, cursor: Math.max(plan.cursor, now) }, records } : { plan, records }
}

/** Somebody asks for a firing. */
export function request({ plan, records }: Step, asked: Request): Step {
  return { plan: { ...plan, requests: [...plan.requests, asked] }, records }
}
