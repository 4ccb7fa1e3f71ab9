import {
  layered,
  milliseconds,
  newId,
  OptionError,
  resolveRetry,
  retryDelay,
  runOutsideContext,
  shown,
  Wakeup,
  type Duration,
} from '../kernel/index.ts'
import type { Document, Storage } from '../storage/index.ts'
import { pause, request, resume } from './changes.ts'
import type { CronDefinition, FiringContext } from './cron.ts'
import { planDue } from './due.ts'
import { ScheduleError } from './errors.ts'
import type { FiringRecord } from './firing-record.ts'
import { FiringRunner, type FiringRunnerParts } from './firing-runner.ts'
import { readHistory } from './history.ts'
import type { Job, StoredCommand } from './job.ts'
import { JobRunner } from './job-runner.ts'
import { Jobs, type ListJobsOptions } from './jobs.ts'
import { Leases } from './leases.ts'
import { Measures } from './measures.ts'
import type { Plan } from './plan.ts'
import { PlanStore, type TakenPlan } from './plan-store.ts'
import { hasBegun, isAhead, proceed } from './proceed.ts'
import type { ScheduleName, Scheduler, StopSchedulerOptions } from './scheduler-interface.ts'
import { resolveScheduler, type FiringCalls, type RunFiring, type SchedulerOptions, type SchedulerSettings } from './scheduler-options.ts'
import { statusOf, type ScheduleStatus } from './status.ts'
import { storedContext } from './stored-context.ts'
import { WorkInHand } from './work-in-hand.ts'

const troubleDelay = resolveRetry({ attempts: Number.POSITIVE_INFINITY, delay: 50, maxDelay: '5s' })

/** Creates what runs schedules and one-off jobs on a storage. Names must be unique. `run` makes the context that the handlers want. */
export function createScheduler(
  storage: Storage,
  definitions: readonly CronDefinition[],
  options?: SchedulerOptions & Partial<FiringCalls<FiringContext>>,
): Scheduler
export function createScheduler<Ctx>(
  storage: Storage,
  definitions: readonly CronDefinition<Ctx>[],
  options: SchedulerOptions & FiringCalls<Ctx>,
): Scheduler
export function createScheduler(
  storage: Storage,
  definitions: readonly CronDefinition[],
  options: SchedulerOptions & Partial<FiringCalls<FiringContext>> = {},
): Scheduler {
  const { run = (ctx, handler) => handler(ctx), use = [] } = options
  return new StorageScheduler(storage, definitions, {
    ...resolveScheduler(options),
    run: (ctx, handler) => run(ctx, layered(use, handler)),
  })
}

class StorageScheduler<Ctx> implements Scheduler {
  readonly #storage: Storage
  readonly #settings: SchedulerSettings
  readonly #definitions = new Map<string, CronDefinition<Ctx>>()
  readonly #plans: PlanStore
  readonly #jobs: Jobs
  readonly #runners = new Map<string, FiringRunner<Ctx>>()
  readonly #runnerParts: FiringRunnerParts<Ctx>
  readonly #jobRunner: JobRunner | undefined
  readonly #inHand: WorkInHand
  readonly #wakeup: Wakeup
  #loop: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(
    storage: Storage,
    definitions: readonly CronDefinition<Ctx>[],
    settings: SchedulerSettings & { readonly run: RunFiring<Ctx> },
  ) {
    const { clock, log, meter, run } = settings
    this.#storage = storage
    this.#settings = settings
    this.#plans = new PlanStore(storage, settings)
    this.#jobs = new Jobs(storage, clock)
    this.#inHand = new WorkInHand(clock)
    this.#wakeup = new Wakeup(clock)
    const shared = { leases: new Leases(storage.state, settings), measures: new Measures(meter), inHand: this.#inHand }
    this.#runnerParts = { ...shared, clock, log, run, moment: () => this.#plans.moment }
    if (settings.jobs.send !== undefined)
      this.#jobRunner = new JobRunner({ ...shared, storage, settings, jobs: this.#jobs, onEnd: () => this.#wakeup.wake() })
    for (const definition of definitions) {
      const { name } = definition
      if (this.#definitions.has(name))
        throw new OptionError(`createScheduler received two schedules called ${name}; wanted each name once.`)
      this.#definitions.set(name, definition)
    }
  }

  async start(): Promise<void> {
    if (this.#loop !== undefined) return
    await Promise.all([...this.#definitions.values()].map((definition) => this.#plans.ensure(definition)))
    // Neither belongs to what happens to start it.
    this.#loop ??= runOutsideContext(() => this.#run())
  }

  stop({ timeout = '30s' }: StopSchedulerOptions = {}): Promise<void> {
    return (this.#stopped ??= this.#stop(milliseconds(timeout)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(timeout: number): Promise<void> {
    this.#inHand.close()
    this.#wakeup.wake()
    await this.#loop
    await this.#inHand.drain(timeout)
  }

  async runNow(schedule: ScheduleName): Promise<string> {
    const definition = this.#definition(schedule)
    const key = `${definition.name}@${newId()}`
    const context = storedContext()
    await this.#plans.update(definition, (step, { now }) => request(step, { key, at: now, context }))
    this.#wakeWhenStored()
    return key
  }

  async pause(schedule: ScheduleName): Promise<void> {
    await this.#plans.update(this.#definition(schedule), (step) => pause(step))
  }

  async resume(schedule: ScheduleName): Promise<void> {
    await this.#plans.update(this.#definition(schedule), (step, { now }) => resume(step, now))
    this.#wakeWhenStored()
  }

  async status(): Promise<readonly ScheduleStatus[]> {
    const definitions = [...this.#definitions.values()]
    const plans = await this.#plans.read([...this.#definitions.keys()])
    const { now } = this.#plans.moment
    return definitions.map((definition, i) => statusOf(definition, plans[i], now))
  }

  async history(schedule: ScheduleName, { limit = 100 }: { readonly limit?: number } = {}): Promise<readonly FiringRecord[]> {
    const definition = this.#definition(schedule)
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new OptionError(`history received the limit ${shown(limit)}; wanted a whole number of 1 or more.`)
    const [plan] = await this.#plans.read([definition.name])
    return plan === undefined ? [] : readHistory(this.#storage, definition, { sequence: plan.value.sequence, limit })
  }

  async later(when: Date | Duration, command: StoredCommand, { id }: { readonly id?: string } = {}): Promise<Job> {
    const job = await this.#jobs.add(when, command, id)
    this.#wakeWhenStored()
    return job
  }

  cancel(id: string): Promise<boolean> {
    return this.#jobs.cancel(id)
  }

  async retry(id: string): Promise<boolean> {
    const isRetried = await this.#jobs.retry(id)
    this.#wakeWhenStored()
    return isRetried
  }

  jobs(options: ListJobsOptions = {}): Promise<readonly Job[]> {
    return this.#jobs.list(options)
  }

  #definition(schedule: ScheduleName): CronDefinition<Ctx> {
    const name = typeof schedule === 'string' ? schedule : schedule.name
    const definition = this.#definitions.get(name)
    if (definition !== undefined) return definition
    throw new ScheduleError('TUTTI_SCHEDULE_UNKNOWN', `There is no schedule ${JSON.stringify(name)} here; give it to createScheduler.`, {
      status: 404,
      details: { schedule: name },
    })
  }

  /** What was asked for in a transaction is there once it has committed. */
  #wakeWhenStored(): void {
    const { running } = this.#storage
    if (running === undefined) this.#wakeup.wake()
    else running.onCommit(() => this.#wakeup.wake())
  }

  /** Looks when something is due, when it is woken, and now and then. */
  async #run(): Promise<void> {
    for (let failures = 0; !this.#inHand.stopping;) {
      let delay: number
      try {
        const next = await this.#look()
        failures = 0
        // A timer goes by another clock than the times do, so it is never trusted for long.
        delay = Math.min(this.#settings.poll, Math.max(1, next - this.#settings.clock.now()))
      } catch (error) {
        delay = retryDelay(troubleDelay, ++failures)
        this.#settings.log.warn('The schedules cannot be looked at; it is tried again', { attempt: failures, error })
      }
      await this.#wakeup.rest(delay)
    }
  }

  /** Begins what is due. Resolves with when it is worth to look again, in milliseconds since 1970. */
  async #look(): Promise<number> {
    const looks: Promise<number>[] = this.#jobRunner === undefined ? [] : [this.#jobRunner.look()]
    if (this.#definitions.size > 0) {
      const plans = await this.#plans.read([...this.#definitions.keys()])
      for (const [i, definition] of [...this.#definitions.values()].entries()) looks.push(this.#lookAt(definition, plans[i]))
    }
    const ended = await Promise.allSettled(looks)
    const failed = ended.find((look) => look.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return Math.min(...ended.map((look) => (look.status === 'fulfilled' ? look.value : Number.POSITIVE_INFINITY)))
  }

  async #lookAt(definition: CronDefinition<Ctx>, found: Document<Plan> | undefined): Promise<number> {
    const { now } = this.#plans.moment
    const runner = this.#runners.get(definition.name)
    if (runner !== undefined) {
      const { replaceAt = Number.POSITIVE_INFINITY } = runner
      if (replaceAt <= now) runner.abort('replaced')
      // Whatever ends wakes it.
      return replaceAt <= now ? Number.POSITIVE_INFINITY : replaceAt
    }
    if (found === undefined) {
      await this.#plans.ensure(definition)
      return now
    }
    const due = planDue(found.value, definition) ?? Number.POSITIVE_INFINITY
    const recalled = this.#plans.recall(definition, found)
    if (recalled !== undefined) return this.#proceedWith(definition, recalled)
    const { leaseUntil = 0 } = found
    if (leaseUntil > now) return Math.max(due, leaseUntil)
    return due > now && !isAhead(found.value, now) ? due : this.#begin(definition, found)
  }

  async #begin(definition: CronDefinition<Ctx>, found: Document<Plan>): Promise<number> {
    const heldUntil = found.leaseUntil ?? 0
    const taken = await this.#plans.take(definition, found, (before, moment) => proceed(before, definition, { ...moment, heldUntil }))
    // Another process was faster.
    if (taken === undefined) return Number.POSITIVE_INFINITY
    return this.#proceedWith(definition, taken)
  }

  #proceedWith(definition: CronDefinition<Ctx>, { step, held }: TakenPlan): number {
    this.#runnerParts.measures.noted(definition.name, step.records)
    if (!hasBegun(step)) return planDue(step.plan, definition) ?? Number.POSITIVE_INFINITY
    const runner = new FiringRunner(definition, held, this.#runnerParts)
    this.#runners.set(definition.name, runner)
    const run = runner.run().finally(() => {
      this.#runners.delete(definition.name)
      this.#wakeup.wake()
    })
    this.#inHand.add(runner, run)
    return runner.replaceAt ?? Number.POSITIVE_INFINITY
  }
}
