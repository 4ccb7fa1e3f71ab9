import type { FiringPolicies } from './policies.ts'
import type { Plan, Span } from './plan.ts'
import type { Timetable } from './timetable.ts'

/** What decides when a schedule fires. */
export interface Rules {
  readonly name: string
  readonly timetable: Timetable
  readonly policies: FiringPolicies
}

/** When the firing for a time may begin: later by its share of the jitter, the same in all processes, and before the next time. */
export function dueAt({ name, timetable, policies: { jitter } }: Rules, time: number): number {
  if (jitter === 0) return time
  const room = Math.min(jitter, (timetable.next(time) ?? Number.POSITIVE_INFINITY) - time)
  return time + Math.floor(share(`${name}@${time}`) * room)
}

/** The times after `after` that have come due by `until`; `undefined` where none has. */
export function dueSpan(rules: Rules, after: number, until: number): Span | undefined {
  const { timetable } = rules
  const from = timetable.next(after)
  if (from === undefined || dueAt(rules, from) > until) return undefined
  const latest = timetable.last(until) ?? from
  return { from, to: dueAt(rules, latest) <= until ? latest : (timetable.last(latest - 1) ?? from) }
}

/** A span without its last time; `undefined` where nothing is left. */
export function withoutLast({ timetable }: Rules, { from, to }: Span): Span | undefined {
  const before = timetable.last(to - 1)
  return before === undefined || before < from ? undefined : { from, to: before }
}

/** More would take too long to count in one go. */
const mostCounted = 100

/** How many times are in a span; counted up to 100. */
export function countOf({ timetable }: Rules, { from, to }: Span): number {
  let count = 1
  for (let time = timetable.next(from); time !== undefined && time <= to && count < mostCounted; time = timetable.next(time)) count++
  return count
}

/** When there is next something to do for a schedule that no process is at; `undefined`: not before somebody changes it. */
export function planDue(plan: Plan, rules: Rules): number | undefined {
  const { firing, paused, requests, backlog } = plan
  if (firing?.state === 'running') return firing.until
  const [request] = requests
  if (firing === undefined && request !== undefined) return request.at
  if (paused) return undefined
  if (firing !== undefined && rules.policies.overlap !== 'replace') return firing.until
  const [span] = backlog
  const next = span !== undefined && firing === undefined ? span.from : nextDue(plan, rules)
  return firing === undefined ? next : Math.min(firing.until, next ?? Number.POSITIVE_INFINITY)
}

/** When the next time comes due that was not dealt with. */
export function nextDue({ cursor }: Pick<Plan, 'cursor'>, rules: Rules): number | undefined {
  const next = rules.timetable.next(cursor)
  return next === undefined ? undefined : dueAt(rules, next)
}

/** A number from 0 to below 1 that follows from a text alone. */
function share(text: string): number {
  return process.getBuiltinModule('node:crypto').hash('sha256', text, 'buffer').readUInt32BE(0) / 2 ** 32
}
