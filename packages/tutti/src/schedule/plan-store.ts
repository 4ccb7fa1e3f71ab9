import type { Clock } from '../kernel/index.ts'
import {
  DocumentConflictError,
  LeaseLostError,
  type Document,
  type DocumentChange,
  type PutOptions,
  type Storage,
} from '../storage/index.ts'
import { adopt } from './changes.ts'
import type { Moment, Step } from './come-due.ts'
import { planDue, type Rules } from './due.ts'
import { historyChanges } from './history.ts'
import { newPlan, planKey, type Plan } from './plan.ts'
import { hasBegun } from './proceed.ts'

/** The plans of schedules in the storage. */
export class PlanStore {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #owner: string
  readonly #lease: number
  /** The schedules that this process has tried to take without getting an answer: it may have them. */
  readonly #unanswered = new Set<string>()

  constructor(storage: Storage, { clock, owner, lease }: { readonly clock: Clock; readonly owner: string; readonly lease: number }) {
    this.#storage = storage
    this.#clock = clock
    this.#owner = owner
    this.#lease = lease
  }

  /** The time as documents have it: whole milliseconds. */
  get moment(): Moment {
    return { now: Math.floor(this.#clock.now()), owner: this.#owner }
  }

  read(names: readonly string[]): Promise<readonly (Document<Plan> | undefined)[]> {
    return this.#storage.state.getMany<Plan>(names.map(planKey))
  }

  /** Sees to it that there is a plan, with the timetable that the definition has. */
  async ensure(rules: Rules): Promise<void> {
    await this.update(rules, (step, moment) => adopt(step, rules, moment))
  }

  /** Changes a plan, whoever is at it. `change` may be called again; it gives back the step that it got where nothing is to change. */
  async update(rules: Rules, change: (step: Step, moment: Moment) => Step): Promise<void> {
    const { state } = this.#storage
    for (;;) {
      const { moment } = this
      const found = await state.get<Plan>(planKey(rules.name))
      const before: Step = { plan: found?.value ?? newPlan(rules.timetable.text, moment.now), records: [] }
      const step = change(before, moment)
      if (found !== undefined && step === before) return
      try {
        return await state.write(changesOf(rules, step, { ifVersion: found?.version ?? 0 }))
      } catch (error) {
        if (!(error instanceof DocumentConflictError)) throw error
      }
    }
  }

  /** Changes a plan that nobody is at, and keeps it where the step begins a firing. `undefined` where another process was faster. */
  async take(rules: Rules, found: Document<Plan>, change: (step: Step, moment: Moment) => Step): Promise<TakenPlan | undefined> {
    const { moment } = this
    const before: Step = { plan: found.value, records: [] }
    const step = change(before, moment)
    const hold = hasBegun(step) ? { claim: { owner: this.#owner, until: moment.now + Math.ceil(this.#lease) } } : { release: true }
    const [first, ...others] = changesOf(rules, step, { ifVersion: found.version, epoch: found.epoch, ...hold })
    try {
      await this.#storage.state.write([first, ...others])
    } catch (error) {
      if (error instanceof DocumentConflictError || error instanceof LeaseLostError) return undefined
      this.#unanswered.add(rules.name)
      throw error
    }
    const { key, version, epoch } = found
    return { step, held: new HeldPlan(this.#storage, rules, { key, value: first.value, version: version + 1, epoch: epoch + 1 }) }
  }

  /** A plan that this process has taken although the answer got lost, as long as there is time to prolong the claim. */
  recall(rules: Rules, found: Document<Plan>): TakenPlan | undefined {
    if (!this.#unanswered.delete(rules.name)) return undefined
    const { owner, leaseUntil = 0, value } = found
    const step: Step = { plan: value, records: [] }
    if (owner !== this.#owner || leaseUntil - this.moment.now <= this.#lease / 2 || !hasBegun(step)) return undefined
    return { step, held: new HeldPlan(this.#storage, rules, found) }
  }
}

/** What came of taking a plan. */
export interface TakenPlan {
  readonly step: Step
  /** Holds only where the step has begun a firing. */
  readonly held: HeldPlan
}

/** The plan of a schedule under a claim of this process. */
export class HeldPlan {
  readonly key: string
  readonly epoch: number
  readonly #storage: Storage
  readonly #rules: Rules
  #plan: Plan
  #version: number

  constructor(storage: Storage, rules: Rules, { key, epoch, value, version }: Pick<Document<Plan>, 'key' | 'epoch' | 'value' | 'version'>) {
    this.#storage = storage
    this.#rules = rules
    this.key = key
    this.epoch = epoch
    this.#plan = value
    this.#version = version
  }

  get plan(): Plan {
    return this.#plan
  }

  /**
   * Changes the plan; the claim ends with a step that has begun nothing. `change` gives back the step that it got where nothing is to change,
   * for an earlier write may have taken effect although its answer got lost. Throws a `LeaseLostError` where the claim is another's.
   */
  async write(change: (step: Step) => Step): Promise<Step> {
    for (;;) {
      const before: Step = { plan: this.#plan, records: [] }
      const step = change(before)
      if (step === before) return step
      const [first, ...others] = changesOf(this.#rules, step, { ifVersion: this.#version, epoch: this.epoch, release: !hasBegun(step) })
      try {
        await this.#storage.state.write([first, ...others])
        this.#plan = first.value
        this.#version++
        return step
      } catch (error) {
        if (!(error instanceof DocumentConflictError)) throw error
        await this.#readAgain()
      }
    }
  }

  /** Somebody else may change a plan that is held: to pause it, or to ask for a firing. */
  async #readAgain(): Promise<void> {
    const found = await this.#storage.state.get<Plan>(this.key)
    if (found?.epoch !== this.epoch) throw new LeaseLostError(this.key, this.epoch, found?.epoch ?? 0)
    this.#plan = found.value
    this.#version = found.version
  }
}

type Premise = Pick<PutOptions, 'epoch' | 'release' | 'claim'> & { readonly ifVersion: number }

function changesOf(
  rules: Rules,
  { plan, records }: Step,
  premise: Premise,
): [DocumentChange & { readonly value: Plan }, ...(readonly DocumentChange[])] {
  const last = records.findLast(({ startedAt }) => startedAt !== undefined) ?? plan.last
  const value: Plan = { ...plan, sequence: plan.sequence + records.length, ...(last && { last }) }
  const due = planDue(value, rules)
  return [
    { key: planKey(rules.name), value, ...(due !== undefined && { due }), ...premise },
    ...historyChanges(rules, plan.sequence, records),
  ]
}
