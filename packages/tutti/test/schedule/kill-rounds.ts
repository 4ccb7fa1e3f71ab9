import { setTimeout as sleep } from 'node:timers/promises'
import { createScheduler, type Scheduler } from '../../src/schedule/public.ts'
import type { Storage } from '../../src/storage/index.ts'
import { checkJobs, checkSchedules, type Checked } from './fleet-check.ts'
import { Fleet, type WorkerStorage } from './worker-fleet.ts'
import { schedules, type ScheduleSet } from './worker-schedules.ts'

/** How processes are treated. */
export interface KillOptions {
  readonly storage: Storage
  readonly rounds: number
  readonly jobs: number
  /** Whether every third process is not killed but stopped in its tracks until others have taken over. */
  readonly stops: boolean
}

/**
 * Three processes run schedules and jobs on one storage, and are killed with SIGKILL while they are at work. Then each time of each schedule
 * must have been run, with one record in the history, and each job done. Throws at the first fault.
 */
export async function killRounds(worker: WorkerStorage, { storage, rounds, jobs, stops }: KillOptions): Promise<Checked> {
  await using fleet = new Fleet({ ...worker, set: 'quick' })
  const asking = schedulerOf(storage, 'quick')
  await Promise.all([fleet.grow(), fleet.grow(), fleet.grow()])
  for (let i = 0; i < jobs; i++) await asking.later(Math.random() * 3_000, { name: 'work', input: i }, { id: `job-${i}` })
  for (let round = 0; round < rounds; round++) {
    const busy = await fleet.busyOne()
    if (stops && round % 3 === 2) {
      busy.signal('SIGSTOP')
      busy.heard('slow')
      const ended = (await asking.history('slow', { limit: 1 }))[0]?.key
      await until(async () => (await asking.history('slow', { limit: 1 }))[0]?.key !== ended, 'another process takes over')
      busy.signal('SIGCONT')
    } else {
      await fleet.kill(busy)
      await fleet.grow()
    }
  }
  for (const one of fleet.workers) one.hurry()
  await until(async () => (await asking.jobs({ state: 'done', limit: jobs })).length === jobs, 'all jobs are done')
  // However quickly that went: what was interrupted is to be repeated, and the others are to have had their turns.
  await until(async () => (await asking.history('slow')).length >= rounds, 'all that was interrupted has ended')
  await until(async () => (await firingsOf(asking)) >= fewestFirings, `${fewestFirings} firings have ended`)
  await fleet.stop()
  await checkJobs(storage, jobs)
  return checkSchedules(storage, asking, schedules('quick', ignore))
}

/** Three processes whose clocks jump ahead by hours, and then back by less than one: each time is run once, those that come again are not. */
export async function jumpingClocks(worker: WorkerStorage, storage: Storage): Promise<Checked> {
  await using fleet = new Fleet({ ...worker, set: 'rare' })
  const asking = schedulerOf(storage, 'rare')
  await Promise.all([fleet.grow(), fleet.grow(), fleet.grow()])
  const jump = async (minutes: number, firings: number): Promise<void> => {
    for (const one of fleet.workers) await one.jump(minutes * 60_000)
    await until(async () => (await asking.history('rare')).length >= firings, `${firings} firings have ended`)
  }
  await jump(180, 6)
  await jump(140, 6)
  await jump(210, 7)
  await fleet.stop()
  return checkSchedules(storage, asking, schedules('rare', ignore))
}

/** So many firings there are to be before a run ends. */
const fewestFirings = 12

async function firingsOf(asking: Scheduler): Promise<number> {
  const histories = await Promise.all(schedules('quick', ignore).map(({ name }) => asking.history(name)))
  return histories.reduce((sum, history) => sum + history.length, 0)
}

function ignore(): void {}

/** A scheduler that is never started: it asks and looks. */
function schedulerOf(storage: Storage, set: ScheduleSet): Scheduler {
  return createScheduler(storage, schedules(set, ignore), { owner: 'asking' })
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 200_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`)
    await sleep(20)
  }
}
