// What `tutti/schedule` exports: what the main entry has of schedules, and the scheduler, which applications reach through `App`.
export {
  cron,
  type CronArguments,
  type CronDefinition,
  type CronOptions,
  type EveryOptions,
  type FiringContext,
  type FiringMiddleware,
} from './cron.ts'
export type { FiringOptions, FiringPolicies, InterruptedPolicy, MissedPolicy, OverlapPolicy } from './policies.ts'
export type { Timetable } from './timetable.ts'
export { createScheduler } from './scheduler.ts'
export type { ScheduleName, Scheduler, StopSchedulerOptions } from './scheduler-interface.ts'
export type { FiringCalls, JobContext, JobOptions, RunFiring, SchedulerOptions } from './scheduler-options.ts'
export type { FiringStatus, ScheduleState, ScheduleStatus } from './status.ts'
export type { FiringOutcome, FiringRecord } from './firing-record.ts'
export type { Job, JobState, StoredCommand } from './job.ts'
export type { ListJobsOptions } from './jobs.ts'
export { ScheduleError, WorkAbortedError, type AbortCause } from './errors.ts'
export type { ErrorFacts } from '../kernel/index.ts'
