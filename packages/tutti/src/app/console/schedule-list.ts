import type { ListJobsOptions } from '../../schedule/index.ts'
import type { Backend } from '../backend.ts'
import { toWire } from './answer.ts'
import { badInput, limitOf, notFound, textOf } from './asked.ts'
import type { ConsoleJob, ConsoleSchedule, Page } from './contract.ts'

/** The last firings that are told of each schedule. */
const historyLength = 20

/** Schedules, when they fire next, and how they last did. */
export async function scheduleList({ schedules, stores }: Backend): Promise<readonly ConsoleSchedule[]> {
  if (stores.opened === undefined || !schedules.isUsed) return []
  const { scheduler } = schedules
  return Promise.all(
    (await scheduler.status()).map(async (status) => {
      const history = await scheduler.history(status.name, { limit: historyLength })
      return { ...toWire(status), history: history.map((record) => toWire(record)) }
    }),
  )
}

/** Steers a schedule. Throws 404 for one that does not exist, and for what cannot be done to it. */
export async function steerSchedule({ schedules, stores }: Backend, name: string, action: string): Promise<{ readonly key?: string }> {
  if (stores.opened === undefined || !(await schedules.scheduler.status()).some((one) => one.name === name))
    throw notFound(`The schedule ${JSON.stringify(name)}`)
  const { scheduler } = schedules
  if (action === 'run') return { key: await scheduler.runNow(name) }
  if (action === 'pause') await scheduler.pause(name)
  else if (action === 'resume') await scheduler.resume(name)
  else throw notFound(`The action ${JSON.stringify(action)}`)
  return {}
}

/** Commands that are sent later, by their ids. */
export async function jobList(ctx: Parameters<typeof limitOf>[0], { schedules, stores }: Backend): Promise<Page<ConsoleJob>> {
  const limit = limitOf(ctx)
  if (stores.opened === undefined) return { items: [], next: undefined }
  const after = textOf(ctx, 'after')
  const state = jobStateOf(textOf(ctx, 'state'))
  const found = await schedules.scheduler.jobs({
    limit: limit + 1,
    ...(after !== undefined && { after }),
    ...(state !== undefined && { state }),
  })
  const items = found.slice(0, limit)
  return { items: items.map((job) => toWire(job)), next: found.length > limit ? items.at(-1)?.id : undefined }
}

/** Steers a job. Throws 404 for one that does not exist or is not in the state for it. */
export async function steerJob({ schedules, stores }: Backend, id: string, action: string): Promise<void> {
  const scheduler = stores.opened === undefined ? undefined : schedules.scheduler
  if (action === 'cancel' && (await scheduler?.cancel(id)) === true) return
  if (action === 'retry' && (await scheduler?.retry(id)) === true) return
  throw notFound(`A job ${JSON.stringify(id)} for the action ${JSON.stringify(action)}`)
}

function jobStateOf(state: string | undefined): ListJobsOptions['state'] {
  if (state === undefined || state === 'waiting' || state === 'done' || state === 'failed') return state
  throw badInput(`The state is ${JSON.stringify(state)}; wanted "waiting", "done" or "failed".`)
}
