import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cron } from '../../src/schedule/cron.ts'
import { planDue } from '../../src/schedule/due.ts'
import type { FiringRecord } from '../../src/schedule/firing-record.ts'
import { newPlan, type Plan } from '../../src/schedule/plan.ts'
import { conclude, hasBegun, proceed, type AttemptResult } from '../../src/schedule/proceed.ts'

const minute = 60_000
const begin = Date.UTC(2026, 0, 1)

/** What happens to a schedule of every minute. */
type Happening =
  | { readonly kind: 'time passes'; readonly seconds: number }
  /** Nobody is there for a while; whoever was at something does not renew its lease. */
  | { readonly kind: 'all die'; readonly seconds: number }
  | { readonly kind: 'ends'; readonly as: 'succeeded' | 'failed' | 'given-back' }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('time passes' as const), seconds: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('all die' as const), seconds: fc.integer({ min: 1, max: 900 }) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ends' as const), as: fc.constantFrom('succeeded', 'failed', 'given-back') }) },
)

const rules = fc
  .record({
    overlap: fc.constantFrom('skip', 'queue', 'replace'),
    missed: fc.constantFrom('skip', 'once', 'all'),
    interrupted: fc.constantFrom('repeat', 'skip'),
    jitter: fc.constantFrom(0, 20_000, 600_000),
  })
  .map((policies) => cron('x', { every: minute, retry: { attempts: 2, jitter: 'none' }, ...policies }, () => undefined))

type Rules = typeof rules extends fc.Arbitrary<infer R> ? R : never

/** The storage and the one process that there is, as far as plans go. */
class World {
  now = begin
  plan: Plan
  readonly records: FiringRecord[] = []
  /** Until when the lease of whoever was at it held. */
  heldUntil = begin
  readonly #rules: Rules

  constructor(given: Rules) {
    this.#rules = given
    this.plan = newPlan(given.timetable.text, begin)
  }

  get isRunning(): boolean {
    return this.plan.firing?.state === 'running'
  }

  look(): void {
    const due = planDue(this.plan, this.#rules)
    if (due === undefined || due > this.now) return
    this.#take(proceed({ plan: this.plan, records: [] }, this.#rules, { now: this.now, owner: 'p', heldUntil: this.heldUntil }))
    // Whatever was due has begun, or is due later: nobody looks again and again.
    if (!this.isRunning) expect(planDue(this.plan, this.#rules) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(this.now)
  }

  end(as: 'succeeded' | 'failed' | 'given-back' | 'replaced'): void {
    const result: AttemptResult = as === 'failed' ? { kind: as, error: new Error('no'), retryAt: this.#retryAt() } : { kind: as }
    const moment = { now: this.now, owner: 'p' }
    const ended = conclude({ plan: this.plan, records: [] }, this.#rules, { ...moment, result })
    this.#take(proceed(ended, this.#rules, { ...moment, heldUntil: this.now }))
  }

  #retryAt(): number | undefined {
    return (this.plan.firing?.failures ?? 0) === 0 ? this.now + 10_000 : undefined
  }

  #take(step: { readonly plan: Plan; readonly records: readonly FiringRecord[] }): void {
    this.plan = step.plan
    this.records.push(...step.records)
    if (hasBegun(step)) this.heldUntil = this.now
  }
}

function play(given: Rules, happenings: readonly Happening[]): World {
  const world = new World(given)
  for (const one of happenings) {
    if (one.kind === 'ends') {
      if (world.isRunning) world.end(one.as)
      continue
    }
    world.now += one.seconds * 1000
    // Somebody who runs renews its lease, and replaces what is to be replaced.
    if (one.kind === 'time passes' && world.isRunning) {
      world.heldUntil = world.now
      const next = planDue({ ...world.plan, firing: undefined, requests: [], backlog: [] } as Omit<Plan, 'firing'>, given)
      if (given.policies.overlap === 'replace' && next !== undefined && next <= world.now) world.end('replaced')
    } else world.look()
  }
  return world
}

/** How often each time of the timetable was dealt with, up to the last one that came due. */
function timesOf({ plan, records }: World): Map<number, string[]> {
  const times = new Map<number, string[]>()
  const note = (from: number, to: number, what: string): void => {
    for (let time = from; time <= to; time += minute) times.set(time, [...(times.get(time) ?? []), what])
  }
  for (const { scheduledAt, until = scheduledAt, outcome } of records) note(scheduledAt.getTime(), until.getTime(), outcome)
  if (plan.firing !== undefined) note(plan.firing.at, plan.firing.at, 'begun')
  for (const { from, to } of plan.backlog) note(from, to, 'to come')
  return times
}

describe('the plan of a schedule', () => {
  it('deals with each time exactly once, whatever happens', () => {
    fc.assert(
      fc.property(rules, fc.array(happening, { maxLength: 60 }), (given, happenings) => {
        const world = play(given, happenings)
        const times = timesOf(world)
        for (let time = begin + minute; time <= world.plan.cursor; time += minute)
          expect(times.get(time), new Date(time).toISOString()).toHaveLength(1)
        for (const time of times.keys()) expect(time).toBeLessThanOrEqual(world.plan.cursor)
      }),
      { numRuns: 500 },
    )
  })

  it('leaves none out where all are to be run', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), fc.constantFrom(0, 20_000), (happenings, jitter) => {
        const given = cron('x', { every: minute, overlap: 'queue', missed: 'all', jitter, retry: { attempts: 2 } }, () => undefined)
        const world = play(given, happenings)
        const outcomes = new Set([...timesOf(world).values()].flat())
        for (const never of ['skipped', 'missed', 'replaced']) expect(outcomes).not.toContain(never)
        // Brought to an end, it has run them in order.
        for (let i = 0; i < 10_000 && (world.isRunning || world.plan.backlog.length > 0); i++) {
          if (world.isRunning) world.end('succeeded')
          else {
            world.now += 1000
            world.look()
          }
        }
        const ran = world.records.map(({ scheduledAt }) => scheduledAt.getTime())
        expect(ran).toEqual(ran.toSorted((a, b) => a - b))
      }),
      { numRuns: 200 },
    )
  })
})
