import type { Document, Storage } from '../storage/index.ts'
import { jobCollection, type JobValue } from './job.ts'
import { JobTask } from './job-task.ts'
import type { Jobs } from './jobs.ts'
import type { Leases } from './leases.ts'
import type { Measures } from './measures.ts'
import type { SchedulerSettings } from './scheduler-options.ts'
import type { WorkInHand } from './work-in-hand.ts'

/** How many of the earliest jobs are looked at; more where so many run elsewhere. */
const glances = [10, 1_000]

/** How often ended jobs are forgotten, in milliseconds. */
const forgetInterval = 300_000

/** What a job runner needs of its process. */
export interface JobRunnerParts {
  readonly storage: Storage
  readonly jobs: Jobs
  readonly settings: SchedulerSettings
  readonly leases: Leases
  readonly measures: Measures
  readonly inHand: WorkInHand
  /** A job has ended: there may be more to do. */
  onEnd(): void
}

/** Does the jobs that are due, as many at once as it may. */
export class JobRunner {
  readonly #parts: JobRunnerParts
  /** The keys of the jobs that run here. */
  readonly #running = new Set<string>()
  #forgotAt = Number.NEGATIVE_INFINITY
  /** Whether a claim was not answered: there may be jobs that this process has and does not know of. */
  #isUnsure = false

  constructor(parts: JobRunnerParts) {
    this.#parts = parts
  }

  /** Begins what is due. Resolves with when it is worth to look again, in milliseconds since 1970. */
  async look(): Promise<number> {
    const { settings, jobs } = this.#parts
    const { clock } = settings
    if (clock.monotonic() - this.#forgotAt >= forgetInterval) {
      this.#forgotAt = clock.monotonic()
      await jobs.forget()
    }
    const free = settings.jobs.concurrency - this.#running.size
    // Whatever ends lets it look again.
    if (free === 0) return Number.POSITIVE_INFINITY
    const now = Math.floor(clock.now())
    if (this.#isUnsure) await this.#recall(now)
    const { isDue, next } = await this.#glance(now)
    if (isDue) await this.#begin(free, now)
    return next
  }

  /** Whether something is due that nobody is at and this process can do, and when the next is. */
  async #glance(now: number): Promise<{ readonly isDue: boolean; readonly next: number }> {
    let next = Number.POSITIVE_INFINITY
    for (const limit of glances) {
      const found = await this.#parts.jobs.earliest(limit)
      for (const { key, value, due = 0, leaseUntil = 0 } of found) {
        if (due > now) return { isDue: false, next: Math.min(next, due) }
        if (!this.#parts.settings.jobs.knows(value.command.name)) continue
        if (leaseUntil <= now) return { isDue: true, next }
        if (!this.#running.has(key)) next = Math.min(next, leaseUntil)
      }
      if (found.length < limit) break
    }
    return { isDue: false, next }
  }

  async #begin(free: number, now: number): Promise<void> {
    const { owner, lease } = this.#parts.settings
    this.#isUnsure = true
    const claimed = await this.#parts.storage.state.claim<JobValue>(jobCollection, { owner, lease, status: 'waiting', limit: free, now })
    this.#isUnsure = false
    for (const document of claimed) this.#run(document)
  }

  /** Does what this process has claimed without hearing of it, as long as there is time to prolong the claim. */
  async #recall(now: number): Promise<void> {
    const { jobs, settings } = this.#parts
    const found = await jobs.earliest(glances.at(-1) ?? 0)
    this.#isUnsure = false
    for (const document of found) {
      const { key, owner, leaseUntil = 0 } = document
      if (owner === settings.owner && leaseUntil - now > settings.lease / 2 && !this.#running.has(key)) this.#run(document)
    }
  }

  #run(document: Document<JobValue>): void {
    const { inHand, onEnd } = this.#parts
    this.#running.add(document.key)
    const task = new JobTask(document, this.#parts)
    inHand.add(
      task,
      task.run().finally(() => {
        this.#running.delete(document.key)
        onEnd()
      }),
    )
  }
}
