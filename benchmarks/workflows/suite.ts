import { join } from 'node:path'
import { ask } from '../harness/ask.ts'
import { compareCalls } from '../harness/calls.ts'
import { Contest } from '../harness/contest.ts'
import { withDiskFolder } from '../harness/disk-folder.ts'
import { requirePeers } from '../harness/peers.ts'
import { withDatabases } from '../harness/postgres-server.ts'
import { programsIn } from '../harness/programs.ts'
import type { Result, Suite } from '../harness/report.ts'
import { measureIdle } from './idle.ts'
import { measureRecoveries } from './recoveries.ts'

/** How much of everything one run does. */
interface Plan {
  readonly rounds: number
  /** Of a slice of work, in milliseconds. */
  readonly duration: number
  /** Runs that are interrupted. */
  readonly interrupted: number
  readonly lease: string
  /** Runs that sleep. */
  readonly sleeping: number
  /** How long is waited before they are watched, in milliseconds. */
  readonly settling: number
  /** For how long those are watched, in milliseconds. */
  readonly watched: number
}

const quickPlan: Plan = { rounds: 3, duration: 300, interrupted: 500, lease: '2s', sleeping: 2_000, settling: 3_000, watched: 3_000 }
const fullPlan: Plan = {
  rounds: 7,
  duration: 2_000,
  interrupted: 10_000,
  lease: '15s',
  sleeping: 100_000,
  settling: 12_000,
  watched: 20_000,
}

/** Durable functions: on PostgreSQL against DBOS, on SQLite by themselves. */
export const workflows: Suite = async ({ quick }) => {
  requirePeers(join(import.meta.dirname, 'peers'))
  const plan = quick ? quickPlan : fullPlan
  const results: Result[] = []
  for (const part of [runsOnPostgres, runsOnSqlite, recoveries, idle]) results.push(...(await part(plan)))
  return results
}

/** With how many connections DBOS is fastest on two cores; Tutti gets as many, and needs fewer. */
const connections = 20

const withPrograms = programsIn(import.meta.dirname, { tutti: 'Tutti', dbos: 'DBOS' })
const callers = [1, 64]
const kinds = [
  { kind: 'workflows of one step', steps: 1 },
  { kind: 'workflows of five steps', steps: 5 },
]

function runsOnPostgres({ rounds, duration }: Plan): Promise<readonly Result[]> {
  return withDatabases(['tutti', 'dbos'], (urls) =>
    withPrograms({ tutti: 'servers/tutti.ts', dbos: 'peers/dbos.mjs' }, async ({ tutti, dbos }) => {
      await ask(tutti, 'open', { url: urls.tutti, connections })
      await ask(dbos, 'open', { url: urls.dbos, connections })
      const contest = new Contest([tutti, dbos].map((program) => ({ label: program.name, program })))
      const results: Result[] = []
      for (const { kind, steps } of kinds) {
        const plan = { title: `${kind} on PostgreSQL`, task: 'runs', input: { steps }, unit: 'runs', callers, rounds, duration }
        results.push(...(await compareCalls(contest, { ...plan, targets: { 1: 2, 64: 10 } })))
      }
      return results
    }),
  )
}

function runsOnSqlite({ rounds, duration }: Plan): Promise<readonly Result[]> {
  return withDiskFolder((folder) =>
    withPrograms({ tutti: 'servers/tutti.ts' }, async ({ tutti }) => {
      await ask(tutti, 'open', { path: join(folder, 'runs.db') })
      const contest = new Contest([{ label: tutti.name, program: tutti }])
      for (const { kind, steps } of kinds)
        await compareCalls(contest, { title: `${kind} on SQLite`, task: 'runs', input: { steps }, unit: 'runs', callers, rounds, duration })
      return []
    }),
  )
}

async function recoveries({ interrupted: count, lease }: Plan): Promise<readonly Result[]> {
  await measureRecoveries({ withPrograms, connections, count, lease })
  return []
}

function idle({ sleeping: count, settling, watched: duration }: Plan): Promise<readonly Result[]> {
  return withDatabases(['runs', 'watch'], ({ runs: url, watch }) =>
    withPrograms({ tutti: 'servers/tutti.ts' }, async ({ tutti }) => {
      // The runs leave the memory at once, so that all of them can go to sleep one after the other.
      await ask(tutti, 'open', { url, connections, idle: 1 })
      await measureIdle({ tutti, url, watch, count, settling, duration })
      return []
    }),
  )
}
