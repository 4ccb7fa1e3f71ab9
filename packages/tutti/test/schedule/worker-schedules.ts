import { cron, type CronDefinition, type FiringContext } from '../../src/schedule/public.ts'

/** Which schedules processes are about: those that fire all the time, or one that fires only where the clock jumps. */
export type ScheduleSet = 'quick' | 'rare'

/** What is to be run at each of its times, whatever happens. */
const complete = { overlap: 'queue', missed: 'all', history: 10_000, retry: { attempts: 20, delay: 10 } } as const

/** The schedules of a set; the first attempts of that called `slow` wait until their processes are killed. */
export function schedules(set: ScheduleSet, fire: (ctx: FiringContext) => unknown): readonly CronDefinition[] {
  if (set === 'rare') return [cron('rare', { every: '30m', ...complete }, fire)]
  return [
    cron('a', { every: 400, ...complete }, fire),
    cron('b', { every: 700, jitter: 300, ...complete }, fire),
    cron('c', '* * * * * *', complete, fire),
    cron('slow', { every: '1s', ...complete }, fire),
  ]
}
