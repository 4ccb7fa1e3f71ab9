import { errorFacts, runInContext } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { DocumentConflictError, type Document, type PutOptions, type Storage } from '../storage/index.ts'
import { Attempt, type AttemptEnd } from './attempt.ts'
import { ScheduleError, WorkAbortedError, type AbortCause } from './errors.ts'
import { jobId, type JobValue } from './job.ts'
import type { Leases } from './leases.ts'
import type { Measures } from './measures.ts'
import { persist } from './persist.ts'
import { retryAfter } from './retry-after.ts'
import type { JobContext, SchedulerSettings } from './scheduler-options.ts'
import { contextFrom } from './stored-context.ts'
import type { Endable, WorkInHand } from './work-in-hand.ts'

/** How long a job is left to other processes that was claimed together with others and whose command is unknown here, in milliseconds. */
const strangerDelay = 5_000

/** What a job needs of its process. */
export interface JobTaskParts {
  readonly storage: Storage
  readonly settings: SchedulerSettings
  readonly leases: Leases
  readonly measures: Measures
  readonly inHand: WorkInHand
}

/** What becomes of a job. */
interface Fate {
  readonly outcome: 'done' | 'failed' | 'retried' | 'given-back' | 'unknown'
  readonly value: JobValue
  readonly status: 'waiting' | 'done' | 'failed'
  readonly due: number
}

/** One attempt of a job that this process has claimed. */
export class JobTask implements Endable {
  readonly #document: Document<JobValue>
  readonly #parts: JobTaskParts
  readonly #log: Logger
  readonly #attempt: Attempt

  constructor(document: Document<JobValue>, parts: JobTaskParts) {
    const { settings } = parts
    this.#document = document
    this.#parts = parts
    this.#log = settings.log.child({ job: jobId(document.key), command: document.value.command.name })
    this.#attempt = new Attempt(settings.clock, settings.jobs.timeout)
  }

  abort(why: AbortCause): void {
    this.#attempt.abort(new WorkAbortedError(`The job ${jobId(this.#document.key)}`, why))
  }

  async run(): Promise<void> {
    const { leases, settings, measures, inHand } = this.#parts
    using _ = leases.hold(this.#document, () => this.abort('lost'))
    const end = await this.#do()
    const fate = end === undefined ? this.#asStranger() : this.#fateOf(end)
    if (fate === undefined) return
    const write = (): Promise<true> => this.#write(fate).then(() => true)
    const noted = await persist(write, { clock: settings.clock, log: this.#log, signal: inHand.gone })
    if (noted === true) measures.job(this.#document.value.command.name, fate.outcome)
  }

  /** How often it was begun, this time included: its process may have died each time. */
  get #number(): number {
    return this.#document.epoch - this.#document.value.spared
  }

  /** `undefined` where this process cannot send the command. */
  async #do(): Promise<AttemptEnd | undefined> {
    const { send, knows, retry } = this.#parts.settings.jobs
    const { key, value } = this.#document
    const { command, context } = value
    if (send === undefined || !knows(command.name)) return undefined
    if (this.#number > retry.attempts) return { kind: 'failed', error: interrupted(this.#number - 1) }
    return this.#attempt.run((signal) => {
      const ctx: JobContext = { id: jobId(key), key, attempt: this.#number, signal, log: this.#log }
      return runInContext(contextFrom(context, key, signal), () => send(command, ctx), undefined)
    })
  }

  /** `undefined` where it is left as it is: it is another process's now, or will be when the lease ends. */
  #fateOf(end: AttemptEnd): Fate | undefined {
    const { clock, jobs } = this.#parts.settings
    const { value } = this.#document
    const now = Math.floor(clock.now())
    if (end.kind === 'succeeded') {
      const { error: _, ...rest } = value
      return { outcome: 'done', value: { ...rest, endedAt: now }, status: 'done', due: now + Math.ceil(jobs.keep) }
    }
    if (end.kind === 'aborted') return this.#fateOfAborted(end, now)
    const { error } = end
    const delay = retryAfter(jobs.retry, error, this.#number)
    const failed = { ...value, error: errorFacts(error) }
    if (delay === undefined) {
      this.#log.error('A job failed', { attempt: this.#number, error })
      return { outcome: 'failed', value: { ...failed, endedAt: now }, status: 'failed', due: now + Math.ceil(jobs.keep) }
    }
    this.#log.warn('A job failed; it is tried again', { attempt: this.#number, error })
    return { outcome: 'retried', value: failed, status: 'waiting', due: now + delay }
  }

  #fateOfAborted({ by, ended }: AttemptEnd & { readonly kind: 'aborted' }, now: number): Fate | undefined {
    if (!ended) this.#log.warn('A job goes on although its signal has fired', { why: by.why })
    if (by.why === 'lost') this.#log.warn('The lease of a job was lost; another process may do it again')
    return by.why === 'lost' || !ended ? undefined : { ...this.#spared, outcome: 'given-back', due: now }
  }

  #asStranger(): Fate {
    this.#log.warn('A job waits for a process that knows its command')
    return { ...this.#spared, outcome: 'unknown', due: Math.floor(this.#parts.settings.clock.now()) + strangerDelay }
  }

  /** This claim was no attempt. */
  get #spared(): Pick<Fate, 'value' | 'status'> {
    const { value } = this.#document
    return { value: { ...value, spared: value.spared + 1 }, status: 'waiting' }
  }

  async #write({ value, status, due }: Fate): Promise<void> {
    const { key, epoch, version, tenant } = this.#document
    const options: PutOptions = { epoch, ifVersion: version, status, due, release: true, ...(tenant !== undefined && { tenant }) }
    try {
      await this.#parts.storage.state.put(key, value, options)
    } catch (error) {
      // Nobody else writes it meanwhile: it is noted already, by a write whose answer got lost.
      if (!(error instanceof DocumentConflictError)) throw error
    }
  }
}

function interrupted(attempts: number): ScheduleError {
  return new ScheduleError(
    'TUTTI_WORK_ABORTED',
    `The last of ${attempts} attempts did not end: its process died, or lost its lease. Find out whether the job is the cause, and retry it.`,
  )
}
