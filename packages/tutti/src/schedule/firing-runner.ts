import { runInContext, type Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { Attempt, type AttemptEnd } from './attempt.ts'
import type { Moment, Step } from './come-due.ts'
import type { CronDefinition, FiringContext } from './cron.ts'
import { nextDue } from './due.ts'
import { WorkAbortedError, type AbortCause } from './errors.ts'
import type { Leases } from './leases.ts'
import type { Measures } from './measures.ts'
import { persist } from './persist.ts'
import type { Firing } from './plan.ts'
import type { HeldPlan } from './plan-store.ts'
import { conclude, hasBegun, proceed, type AttemptResult } from './proceed.ts'
import { retryAfter } from './retry-after.ts'
import type { RunFiring } from './scheduler-options.ts'
import { contextFrom } from './stored-context.ts'
import type { Endable, WorkInHand } from './work-in-hand.ts'

/** What a firing runner needs of its process. */
export interface FiringRunnerParts<Ctx> {
  readonly clock: Clock
  readonly log: Logger
  readonly leases: Leases
  readonly measures: Measures
  readonly inHand: WorkInHand
  readonly run: RunFiring<Ctx>
  moment(): Moment
}

/** Runs the firings of one schedule, as long as this process holds its plan. */
export class FiringRunner<Ctx> implements Endable {
  readonly #definition: CronDefinition<Ctx>
  readonly #held: HeldPlan
  readonly #parts: FiringRunnerParts<Ctx>
  readonly #log: Logger
  #attempt: Attempt | undefined
  /** Set once nothing is to be begun any more. */
  #over: WorkAbortedError | undefined

  constructor(definition: CronDefinition<Ctx>, held: HeldPlan, parts: FiringRunnerParts<Ctx>) {
    this.#definition = definition
    this.#held = held
    this.#parts = parts
    this.#log = parts.log.child({ schedule: definition.name })
  }

  /** When what runs is to be ended in favour of a newer time; `undefined` where that never happens. */
  get replaceAt(): number | undefined {
    const { plan } = this.#held
    return this.#definition.policies.overlap === 'replace' && !plan.paused ? nextDue(plan, this.#definition) : undefined
  }

  abort(why: AbortCause): void {
    const reason = new WorkAbortedError(`The firing of ${this.#definition.name}`, why)
    if (why !== 'replaced') this.#over ??= reason
    this.#attempt?.abort(reason)
  }

  /** Does what the plan says, from what it has begun until there is nothing to do for now. */
  async run(): Promise<void> {
    using _ = this.#parts.leases.hold(this.#held, () => this.abort('lost'))
    let step: Step | undefined = { plan: this.#held.plan, records: [] }
    while (step !== undefined && hasBegun(step)) {
      const firing: Firing = step.plan.firing
      const end = await this.#try(firing)
      step = this.#isLeft(firing, end) ? undefined : await this.#note(firing, this.#resultOf(firing, end))
    }
  }

  async #try(firing: Firing): Promise<AttemptEnd> {
    const { clock, measures, run } = this.#parts
    const { name, handler, policies } = this.#definition
    if (this.#over !== undefined) return { kind: 'aborted', by: this.#over, ended: true }
    if (firing.attempt === 1) measures.begun(name, Math.max(0, firing.startedAt - firing.at))
    const attempt = (this.#attempt = new Attempt(clock, policies.timeout))
    const begun = clock.monotonic()
    const end = await attempt.run((signal) => {
      const { key, at, manual } = firing
      const log = this.#log.child({ firing: key, attempt: firing.attempt })
      const ctx: FiringContext = { schedule: name, scheduledAt: new Date(at), key, attempt: firing.attempt, manual, signal, log }
      return runInContext(contextFrom(firing.context, key, signal), () => run(ctx, handler), undefined)
    })
    this.#attempt = undefined
    measures.attempted(name, end.kind === 'aborted' ? end.by.why : end.kind, clock.monotonic() - begun)
    return end
  }

  /** Whether a firing is left as it is: it is another process's now, or will be when the lease ends. */
  #isLeft({ key, attempt }: Firing, end: AttemptEnd): boolean {
    if (end.kind !== 'aborted') return false
    const { by, ended } = end
    if (!ended) this.#log.warn('A firing goes on although its signal has fired', { firing: key, attempt, why: by.why })
    if (by.why === 'lost') this.#log.warn('The lease of a firing was lost; another process may run it again', { firing: key, attempt })
    return by.why === 'lost' || (by.why === 'stopping' && !ended)
  }

  #resultOf({ key, attempt, failures }: Firing, end: AttemptEnd): AttemptResult {
    if (end.kind === 'succeeded') return { kind: 'succeeded' }
    if (end.kind === 'aborted') return { kind: end.by.why === 'replaced' ? 'replaced' : 'given-back' }
    const { error } = end
    const delay = retryAfter(this.#definition.policies.retry, error, failures + 1)
    if (delay === undefined) this.#log.error('A firing failed', { firing: key, attempt, error })
    else this.#log.warn('A firing failed; it is tried again', { firing: key, attempt, error })
    return { kind: 'failed', error, retryAt: delay === undefined ? undefined : this.#parts.moment().now + delay }
  }

  /** Notes how an attempt ended, and begins what comes next in the same write. */
  async #note({ key, attempt }: Firing, result: AttemptResult): Promise<Step | undefined> {
    const { clock, inHand } = this.#parts
    const write = (): Promise<Step> =>
      this.#held.write((before) => {
        const { firing } = before.plan
        // It is noted already, by a write whose answer got lost.
        if (firing?.key !== key || firing.attempt !== attempt || firing.state !== 'running') return before
        const moment = this.#parts.moment()
        const step = conclude(before, this.#definition, { ...moment, result })
        return inHand.stopping ? step : proceed(step, this.#definition, { ...moment, heldUntil: moment.now })
      })
    const step = await persist(write, { clock, log: this.#log, signal: inHand.gone })
    if (step !== undefined) this.#parts.measures.noted(this.#definition.name, step.records)
    return step
  }
}
