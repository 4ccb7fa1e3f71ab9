import { milliseconds, newId, OptionError, shown, type Clock, type Duration } from '../kernel/index.ts'
import { DocumentConflictError, LeaseLostError, type Document, type Storage } from '../storage/index.ts'
import { jobCollection, jobKey, toJob, type Job, type JobValue, type StoredCommand } from './job.ts'
import { storedContext } from './stored-context.ts'

/** Which jobs are listed: in the order of their ids. */
export interface ListJobsOptions {
  /** Those that wait include those that run. @default all */
  readonly state?: 'waiting' | 'done' | 'failed'
  /** Behind this id. */
  readonly after?: string
  /** @default 100 */
  readonly limit?: number
}

/** The jobs in the storage, for those who ask for them. */
export class Jobs {
  readonly #storage: Storage
  readonly #clock: Clock

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  /** Stores a command until its time has come. Resolves with the job that has the id, which may be an earlier one. */
  async add(when: Date | Duration, command: StoredCommand, id: string = newId()): Promise<Job> {
    const now = this.#clock.now()
    const due = dueTime(when, now)
    checkCommand(command)
    if (typeof id !== 'string' || !/^[^\p{Cc}]{1,200}$/u.test(id))
      throw new OptionError(`later received the id ${shown(id)}; wanted 1 to 200 characters without control characters.`)
    const { state } = this.#storage
    const context = storedContext()
    const { name, input } = command
    const value: JobValue = { command: { name, input }, context, createdAt: now, spared: 0 }
    const tenant = context?.tenant
    const found = await state.get<JobValue>(jobKey(id))
    if (found !== undefined) return toJob(found, now)
    try {
      await state.put(jobKey(id), value, { ifVersion: 0, status: 'waiting', due, ...(tenant !== undefined && { tenant }) })
    } catch (error) {
      const other = error instanceof DocumentConflictError ? await state.get<JobValue>(jobKey(id)) : undefined
      if (other === undefined) throw error
      return toJob(other, now)
    }
    return {
      id,
      command,
      state: 'waiting',
      due: new Date(due),
      createdAt: new Date(now),
      endedAt: undefined,
      attempts: 0,
      error: undefined,
    }
  }

  /** Resolves with whether the job waited, and is gone now. */
  async cancel(id: string): Promise<boolean> {
    const found = await this.#storage.state.get<JobValue>(jobKey(id))
    if (found === undefined || toJob(found, this.#clock.now()).state !== 'waiting') return false
    try {
      // Whoever has claimed it meanwhile has raised its epoch.
      return await this.#storage.state.delete(found.key, { epoch: found.epoch })
    } catch (error) {
      if (error instanceof LeaseLostError) return false
      throw error
    }
  }

  /** Lets a failed job be tried again, as often as at first. Resolves with whether it had failed. */
  async retry(id: string): Promise<boolean> {
    const found = await this.#storage.state.get<JobValue>(jobKey(id))
    if (found === undefined || found.status !== 'failed') return false
    const { endedAt: _, ...value } = found.value
    const due = Math.floor(this.#clock.now())
    try {
      await this.#storage.state.put(
        found.key,
        { ...value, spared: found.epoch },
        {
          ifVersion: found.version,
          status: 'waiting',
          due,
          ...(found.tenant !== undefined && { tenant: found.tenant }),
        },
      )
      return true
    } catch (error) {
      if (error instanceof DocumentConflictError) return false
      throw error
    }
  }

  async list({ state, after, limit = 100 }: ListJobsOptions): Promise<readonly Job[]> {
    const found = await this.#storage.state.list<JobValue>(`${jobCollection}/`, {
      limit,
      ...(state !== undefined && { status: state }),
      ...(after !== undefined && { after: jobKey(after) }),
    })
    const now = this.#clock.now()
    return found.map((document) => toJob(document, now))
  }

  /** Those that wait or run, by when they are due. */
  earliest(limit: number): Promise<readonly Document<JobValue>[]> {
    return this.#storage.state.list<JobValue>(`${jobCollection}/`, { status: 'waiting', dueBefore: Number.MAX_SAFE_INTEGER, limit })
  }

  /** Forgets those that ended long enough ago. */
  async forget(): Promise<void> {
    const { state } = this.#storage
    const dueBefore = Math.floor(this.#clock.now())
    for (const status of ['done', 'failed']) {
      for (;;) {
        const old = await state.list(`${jobCollection}/`, { status, dueBefore, limit: 100 })
        await Promise.all(old.map((document) => this.#forget(document)))
        if (old.length < 100) break
      }
    }
  }

  async #forget({ key, version }: Document): Promise<void> {
    try {
      await this.#storage.state.delete(key, { ifVersion: version })
    } catch (error) {
      // Another process has just tried it again, or forgotten it.
      if (!(error instanceof DocumentConflictError)) throw error
    }
  }
}

function dueTime(when: Date | Duration, now: number): number {
  const due = when instanceof Date ? when.getTime() : now + milliseconds(when)
  if (Number.isSafeInteger(Math.ceil(due))) return Math.max(0, Math.ceil(due))
  throw new OptionError(`later received the time ${shown(when)}; wanted a valid Date, or a duration such as "3d".`)
}

function checkCommand(command: StoredCommand): void {
  if (typeof command?.name !== 'string' || command.name === '')
    throw new OptionError(`later received ${shown(command)}; wanted a command with its name and input.`)
}
