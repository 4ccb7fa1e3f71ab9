import { join } from 'node:path'
import { ask } from '../harness/ask.ts'
import { callFigures, rate } from '../harness/calls.ts'
import { Contest } from '../harness/contest.ts'
import { requirePeers } from '../harness/peers.ts'
import { withDatabases } from '../harness/postgres-server.ts'
import { programsIn } from '../harness/programs.ts'
import { printTable, type Suite } from '../harness/report.ts'
import { middle } from '../harness/rounds.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { compareDelays, compareDrains } from './deliveries.ts'

/** How much of everything one run does. */
interface Plan {
  readonly rounds: number
  /** Of a slice of publishing, in milliseconds. */
  readonly duration: number
  /** Messages that pile up before they are handled. */
  readonly piled: number
  /** Messages that are sent one by one. */
  readonly single: number
}

const quickPlan: Plan = { rounds: 3, duration: 300, piled: 5_000, single: 50 }
const fullPlan: Plan = { rounds: 7, duration: 2_000, piled: 50_000, single: 500 }

/** Messages: in memory, and on PostgreSQL against graphile-worker. Nothing is held against a target. */
export const messaging: Suite = async ({ quick }) => {
  requirePeers(join(import.meta.dirname, 'peers'))
  const plan = quick ? quickPlan : fullPlan
  await withDatabases(['tutti', 'graphile'], async (urls) => {
    await inMemory(plan)
    await onPostgres(plan, urls)
  })
  return []
}

/** What everybody opens with: as graphile-worker's own performance test has it. Tutti has half of the connections for its storage. */
const opening = { connections: 26, concurrency: 24 }
const withPrograms = programsIn(import.meta.dirname, { tutti: 'Tutti', graphile: 'graphile-worker' })

function inMemory(plan: Plan): Promise<void> {
  return withPrograms({ tutti: 'servers/tutti.ts' }, async ({ tutti }) => {
    await ask(tutti, 'open', opening)
    const routes = [{ label: tutti.name, from: tutti, to: tutti }]
    const title = 'messages in memory'
    await comparePublishing(title, [tutti], plan)
    await compareDrains({ title, routes, rounds: plan.rounds, count: plan.piled })
    await compareDelays({ title, routes, rounds: plan.rounds, count: plan.single })
  })
}

function onPostgres(plan: Plan, urls: Readonly<Record<'tutti' | 'graphile', string>>): Promise<void> {
  const files = { tutti: 'servers/tutti.ts', graphile: 'peers/graphile-worker.mjs' }
  // Publishers, and those who handle what these publish: processes of their own.
  return withPrograms(files, (from) =>
    withPrograms(files, async (to) => {
      for (const programs of [from, to]) {
        await ask(programs.tutti, 'open', { url: urls.tutti, ...opening })
        await ask(programs.graphile, 'open', { url: urls.graphile, ...opening })
      }
      const routes = (['tutti', 'graphile'] as const).map((name) => ({ label: from[name].name, from: from[name], to: to[name] }))
      const title = 'messages on PostgreSQL'
      await comparePublishing(title, [from.tutti, from.graphile], plan)
      await compareDrains({ title, routes, rounds: plan.rounds, count: plan.piled })
      await compareDelays({ title, routes, rounds: plan.rounds, count: plan.single })
    }),
  )
}

async function comparePublishing(title: string, programs: readonly ServerProcess[], { rounds, duration }: Plan): Promise<void> {
  const contest = new Contest(programs.map((program) => ({ label: program.name, program })))
  const rows: string[][] = []
  for (const [callers, batch] of [
    [1, 1],
    [64, 1],
    [8, 100],
  ] as const) {
    await contest.measure({ task: 'publish', callers, input: { batch }, rounds: 1, duration: duration / 2 }, batch)
    const measured = await contest.measure({ task: 'publish', callers, input: { batch }, rounds, duration }, batch)
    for (const { name } of programs) {
      const messages = (batch * middle(measured, name, rate)).toFixed(0)
      rows.push([name, `${callers}`, `${batch}`, messages, ...callFigures(measured, name, programs.at(-1)?.name ?? '').slice(1)])
    }
  }
  await contest.verify()
  printTable(`${title}: publishing`, ['', 'callers', 'messages each', 'messages/s', '× last', 'p50 ms', 'p99 ms'], rows)
}
