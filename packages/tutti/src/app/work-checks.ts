import type { CheckDetails } from '../health/index.ts'
import type { Probes } from './probes.ts'
import type { ReadModels } from './read-models.ts'
import type { Runs } from './runs.ts'
import type { Schedules } from './schedules.ts'
import type { Stores } from './stores.ts'
import type { Topics } from './topics.ts'

/** What an application does by itself, and what it keeps. */
export interface CheckedWork {
  readonly stores: Stores
  readonly readModels: ReadModels
  readonly topics: Topics
  readonly schedules: Schedules
  readonly runs: Runs
}

/** So many stranded runs are looked for: more than a few is all that matters. */
const mostStranded = 10

// Requests are answered without these: an application that takes none because its broker is away would only make things worse.
const background = { critical: false, cache: '5s' } as const

/** Has everything that an application uses report to its probes by itself. */
export function addWorkChecks(probes: Probes, work: CheckedWork): void {
  const { stores, readModels, topics, schedules, runs } = work
  if (stores.opened !== undefined) probes.add('storage', () => stores.write.ping())
  if (stores.opened !== undefined && stores.read !== stores.write) probes.add('read-storage', () => stores.read.ping())
  if (readModels.isUsed) probes.add('projections', () => readModels.check(), background)
  if (topics.isUsed) probes.add('broker', () => topics.ping(), { ...background, cache: '1s' })
  if (topics.hasConsumers) probes.add('consumers', () => checkConsumers(topics), background)
  if (schedules.isUsed) probes.add('schedules', () => checkSchedules(schedules), background)
  if (runs.isUsed) probes.add('workflows', () => checkRuns(runs), background)
}

/** Throws where messages cannot be received; tells how far each group is behind. */
async function checkConsumers(topics: Topics): Promise<CheckDetails> {
  const all = await (await topics.messenger()).status()
  const troubled = all.flatMap(({ topic, group, trouble }) => (trouble === undefined ? [] : [`${topic}/${group}: ${trouble}`]))
  if (troubled.length > 0) throw new Error(`Messages cannot be received: ${troubled.join('; ')}`)
  return Object.fromEntries(all.map(({ topic, group, paused, lag }) => [`${topic}/${group}`, { paused, lag: lag?.messages }]))
}

/** Throws where the last firing of a schedule failed; tells when each of them fires next. */
async function checkSchedules(schedules: Schedules): Promise<CheckDetails> {
  const all = await schedules.scheduler.status()
  const failed = all.filter(({ last }) => last?.outcome === 'failed').map(({ name }) => name)
  if (failed.length > 0) throw new Error(`Failed the last time: ${failed.join(', ')}.`)
  return Object.fromEntries(all.map(({ name, state, next }) => [name, { state, next: next?.toISOString() }]))
}

/** Throws where runs cannot go on by themselves. */
async function checkRuns(runs: Runs): Promise<CheckDetails> {
  const stranded = await runs.engine.stranded({ limit: mostStranded })
  if (stranded.length === 0) return { stranded: 0 }
  const count = stranded.length === mostStranded ? `${mostStranded} or more` : String(stranded.length)
  throw new Error(`Runs that cannot go on by themselves: ${count}.`)
}
