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
export type { ScheduleName, Scheduler, StopSchedulerOptions } from './scheduler-interface.ts'
export type { FiringCalls, JobContext, JobOptions, RunFiring, SchedulerOptions } from './scheduler-options.ts'
export type { FiringStatus, ScheduleState, ScheduleStatus } from './status.ts'
export type { FiringOutcome, FiringRecord } from './firing-record.ts'
export type { Job, JobState, StoredCommand } from './job.ts'
export type { ListJobsOptions } from './jobs.ts'
export type { AbortCause } from './errors.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders.
export { openScheduler } from './open-scheduler.ts'
