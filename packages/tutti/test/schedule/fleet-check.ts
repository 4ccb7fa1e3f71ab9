import { planKey, type Plan } from '../../src/schedule/plan.ts'
import type { CronDefinition, Scheduler } from '../../src/schedule/public.ts'
import type { Storage } from '../../src/storage/index.ts'

/** What was found to be right. */
export interface Checked {
  /** Firings that ended, of all schedules. */
  readonly firings: number
  /** Those of them that were begun more than once. */
  readonly repeated: number
}

interface Begun {
  readonly key: string
  readonly attempt: number
}

interface Done {
  readonly key: string
  readonly at: number
}

/** Holds what processes have written down against the plans and the history. Throws at the first fault. */
export async function checkSchedules(storage: Storage, scheduler: Scheduler, definitions: readonly CronDefinition[]): Promise<Checked> {
  let firings = 0
  let repeated = 0
  for (const { name, timetable } of definitions) {
    const plan = (await storage.state.get<Plan>(planKey(name)))?.value
    if (plan === undefined) throw new Error(`There is no plan of ${name}.`)
    const done = await eventsOf<Done>(storage, `done-${name}`)
    const doneAt = new Set(done.map(({ at }) => at))
    if (doneAt.size !== done.length) throw new Error(`${name} did ${done.length - doneAt.size} times twice.`)
    const open = openTimes(plan, timetable)
    const first = Math.min(...doneAt, ...open)
    for (let time: number | undefined = first; time !== undefined && time <= plan.cursor; time = timetable.next(time)) {
      if (!doneAt.has(time) && !open.has(time)) throw new Error(`${name} left ${new Date(time).toISOString()} out.`)
    }
    const history = await scheduler.history(name, { limit: 10_000 })
    const strange = history.find(({ outcome }) => outcome !== 'succeeded')
    if (strange !== undefined) throw new Error(`${name} has an odd record: ${JSON.stringify(strange)}`)
    const recorded = new Set(history.map(({ key }) => key))
    if (recorded.size !== history.length) throw new Error(`${name} has two records of one firing.`)
    // What was begun may be done although nobody could note it any more.
    const unrecorded = done.filter(({ key }) => !recorded.has(key) && key !== plan.firing?.key)
    if (unrecorded.length > 0 || recorded.size > done.length) throw new Error(`The history of ${name} is not what was done.`)
    firings += history.length
    repeated += await checkBegun(storage, name)
  }
  return { firings, repeated }
}

/** Holds what was done for jobs against their number. Throws at the first fault. */
export async function checkJobs(storage: Storage, count: number): Promise<void> {
  const done = await eventsOf<Done>(storage, 'done-jobs')
  const keys = new Set(done.map(({ key }) => key))
  if (done.length !== count || keys.size !== count) throw new Error(`${keys.size} jobs were done, ${done.length} times; wanted ${count}.`)
  await checkBegun(storage, 'jobs')
}

/** Each attempt is one process's. Resolves with how many had several. */
async function checkBegun(storage: Storage, name: string): Promise<number> {
  const attempts = Map.groupBy(await eventsOf<Begun>(storage, `begun-${name}`), ({ key }) => key)
  for (const [key, begun] of attempts) {
    if (new Set(begun.map(({ attempt }) => attempt)).size !== begun.length)
      throw new Error(`An attempt of ${key} was made twice: ${JSON.stringify(begun)}`)
  }
  return [...attempts.values()].filter(({ length }) => length > 1).length
}

/** Times that are still to be run, or to be noted. */
function openTimes({ backlog, firing }: Plan, { next }: CronDefinition['timetable']): Set<number> {
  const times = new Set<number>(firing === undefined ? [] : [firing.at])
  for (const { from, to } of backlog)
    for (let time: number | undefined = from; time !== undefined && time <= to; time = next(time)) times.add(time)
  return times
}

async function eventsOf<T>(storage: Storage, stream: string): Promise<T[]> {
  return (await storage.events.read(stream).toArray()).map(({ data }) => data as T)
}
