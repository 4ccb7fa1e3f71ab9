import { postgres } from '@tutti/postgres'
import { sqliteStorage, type Storage } from 'tutti/storage'
import { createWorkflows, workflow, type Workflows, type WorkflowsOptions } from 'tutti/workflow'
import * as z from 'zod'
import { runCallers, type CallerPlan } from '../../harness/callers.ts'
import { offer } from '../../harness/offer.ts'
import { fulfil, requireSum } from '../order.ts'
import { beginRuns, timeRecovery } from '../recovered.ts'

const Fulfil = workflow('fulfil', { input: z.object({ order: z.string(), steps: z.number() }) }, (w, input) => {
  return fulfil(input, (name, work) => w.step(name, work))
})
const Remind = workflow('remind', { input: z.object({ order: z.string() }) }, async (w, { order }) => {
  await w.sleep('30d')
  return order
})

/** What the engine is made with. */
interface Opening extends Pick<WorkflowsOptions, 'concurrency' | 'idle' | 'lease'> {
  readonly url?: string
  readonly path?: string
  readonly connections?: number
  /** Whether it is not started yet. */
  readonly resting?: boolean
}

let storage: Storage
let engine: Workflows

offer({
  async open({ url, path = ':memory:', connections, resting = false, ...options }: Opening) {
    storage = url === undefined ? sqliteStorage({ path }) : postgres({ url, ...(connections && { pool: { max: connections } }) })
    await storage.migrate()
    engine = createWorkflows(storage, [Fulfil, Remind], options)
    if (!resting) await engine.start()
  },
  /** Starts a run and waits for its result. */
  runs({ name, steps, ...plan }: CallerPlan & { readonly name: string; readonly steps: number }) {
    return runCallers(plan, async (caller, call) => {
      const id = `${name}-${caller}-${call}`
      const run = await engine.run(Fulfil, { order: id, steps }, { id })
      requireSum(await run.result(), steps)
    })
  },
  begin: ({ count }: { readonly count: number }) => {
    return beginRuns(count, (run) => engine.run(Fulfil, { order: `order-${run}`, steps: 2 }, { id: `interrupted-${run}` }))
  },
  recover: ({ count }: { readonly count: number }) => timeRecovery(count, { start: () => engine.start(), count: completed }),
  /** Starts runs that sleep, and resolves when all of them do. */
  async sleepers({ count }: { readonly count: number }) {
    let next = 0
    const starters = Array.from({ length: 256 }, async () => {
      for (let i = next++; i < count; i = next++) await engine.run(Remind, { order: `order-${i}` }, { id: `sleeper-${i}` })
    })
    await Promise.all(starters)
    while ((await countOf('remind', 'waiting')) < count) await new Promise((resolve) => setTimeout(resolve, 100))
  },
  count: completed,
})

function completed(): Promise<number> {
  return countOf('fulfil', 'completed')
}

async function countOf(name: string, state: 'completed' | 'waiting'): Promise<number> {
  let count = 0
  for (let after: string | undefined; ;) {
    const { runs, next } = await engine.list({ workflow: name, state, limit: 10_000, ...(after !== undefined && { after }) })
    for (const { id, input, recorded } of runs) {
      const { steps } = input as { readonly steps?: number }
      if (steps !== undefined && recorded !== steps) throw new Error(`the run ${id} of ${steps} steps has recorded ${recorded}`)
    }
    count += runs.length
    if (next === undefined) return count
    after = next
  }
}
