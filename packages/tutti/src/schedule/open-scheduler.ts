import type { Storage } from '../storage/index.ts'
import type { CronDefinition } from './cron.ts'
import type { Scheduler } from './scheduler-interface.ts'
import type { FiringCalls, SchedulerOptions } from './scheduler-options.ts'

/** A scheduler, whose code is loaded when the first one is opened: applications without schedules need none of it. */
export async function openScheduler<Ctx>(
  storage: Storage,
  definitions: readonly CronDefinition<Ctx>[],
  options: SchedulerOptions & FiringCalls<Ctx>,
): Promise<Scheduler> {
  const { createScheduler } = await import('./scheduler.ts')
  return createScheduler(storage, definitions, options)
}
