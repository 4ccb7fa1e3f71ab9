import type { Duration } from '../kernel/index.ts'
import type { CronDefinition } from './cron.ts'
import type { FiringRecord } from './firing-record.ts'
import type { Job, StoredCommand } from './job.ts'
import type { ListJobsOptions } from './jobs.ts'
import type { ScheduleStatus } from './status.ts'

/** A schedule, or its name. */
export type ScheduleName = Pick<CronDefinition<never>, 'name'> | string

/** How a scheduler stops. */
export interface StopSchedulerOptions {
  /** How long what runs may go on before its signal fires; then other processes do it again. @default '30s' */
  readonly timeout?: Duration
}

/** Runs schedules and one-off jobs, together with the other processes that share the storage. */
export interface Scheduler extends AsyncDisposable {
  /** Begins to work. */
  start(): Promise<void>
  /** Begins nothing any more, and waits for what runs. Idempotent. */
  stop(options?: StopSchedulerOptions): Promise<void>
  /**
   * Asks for a firing, at once or when the one that runs has ended, also of a schedule that is paused. Resolves with its key; the history
   * tells what came of it.
   */
  runNow(schedule: ScheduleName): Promise<string>
  /** No process begins a firing by itself any more, until `resume`. What runs goes on. */
  pause(schedule: ScheduleName): Promise<void>
  /** Goes on after `pause`; the times in between are left out. */
  resume(schedule: ScheduleName): Promise<void>
  /** How the schedules are, across all processes. */
  status(): Promise<readonly ScheduleStatus[]>
  /** How firings ended, newest first. */
  history(schedule: ScheduleName, options?: { readonly limit?: number }): Promise<readonly FiringRecord[]>
  /**
   * Sends a command at a time, or after a while, by whichever process is there then. In a transaction it is stored with it. An id makes it
   * idempotent: as long as there is a job with the id, it is the answer.
   */
  later(when: Date | Duration, command: StoredCommand, options?: { readonly id?: string }): Promise<Job>
  /** Sees to it that a job is not done; resolves with whether it still waited. */
  cancel(id: string): Promise<boolean>
  /** Lets a failed job be tried again; resolves with whether it had failed. */
  retry(id: string): Promise<boolean>
  /** The jobs that wait or run, and those that ended a while ago. */
  jobs(options?: ListJobsOptions): Promise<readonly Job[]>
}
