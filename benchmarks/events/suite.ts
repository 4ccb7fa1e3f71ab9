import { join } from 'node:path'
import type { Result, Suite } from '../harness/report.ts'
import { withServers, type ServerProcess } from '../harness/server-process.ts'
import { requireWrk } from '../harness/wrk.ts'
import { ask } from '../harness/ask.ts'
import { compareCalls, type CallsPlan } from '../harness/calls.ts'
import { withDiskFolder } from '../harness/disk-folder.ts'
import { programsIn } from '../harness/programs.ts'
import { compareAppends } from './appends.ts'
import { Contest } from '../harness/contest.ts'
import { compareGrowth } from './growth.ts'
import { compareOrderLists } from './order-lists.ts'
import { requirePeers } from '../harness/peers.ts'
import { waitForNeighbours, withDatabases } from '../harness/postgres-server.ts'
import { compareReplays } from './replays.ts'
import { measureStorm } from './storm.ts'

/** How much of everything one run does. */
interface Plan {
  readonly rounds: number
  /** Of those that take long by themselves. */
  readonly longRounds: number
  /** Of a slice of work, in milliseconds. */
  readonly duration: number
  readonly callers: readonly number[]
  /** Events of the stream that is replayed. */
  readonly replayed: number
  /** Events that a projection catches up with. */
  readonly projected: number
  /** How often it does. */
  readonly builds: number
  /** Events of the large store. */
  readonly grown: number
}

const quickPlan: Plan = {
  rounds: 3,
  longRounds: 2,
  duration: 250,
  callers: [1, 64],
  replayed: 20_000,
  projected: 5_000,
  builds: 1,
  grown: 20_000,
}
const fullPlan: Plan = {
  rounds: 7,
  longRounds: 5,
  duration: 2_000,
  callers: [1, 8, 64, 256],
  replayed: 100_000,
  projected: 20_000,
  builds: 3,
  grown: 5_000_000,
}

/** What an event store does all day, on PostgreSQL and SQLite: against Emmett, plain SQL and the drivers. */
export const events: Suite = async ({ quick }) => {
  requirePeers(join(import.meta.dirname, 'peers'))
  requireWrk()
  const plan = quick ? quickPlan : fullPlan
  const results: Result[] = []
  for (const part of [writesOnPostgres, writesOnSqlite, replaysOnPostgres, replaysOnSqlite, projections, wholeShop, growth])
    results.push(...(await part(plan)))
  return results
}

/** With how many connections Emmett is fastest on two cores; Tutti needs fewer. */
const connections = 20

/** Durable command handling. */
const commands: Pick<CallsPlan, 'task' | 'each' | 'unit'> = { task: 'commands', each: 'load, decide, append', unit: 'commands' }

const withPrograms = programsIn(import.meta.dirname, { tutti: 'Tutti', emmett: 'Emmett', plain: 'plain SQL' })

function writesOnPostgres({ rounds, duration, callers }: Plan): Promise<readonly Result[]> {
  const files = { tutti: 'servers/tutti.ts', plain: 'servers/plain-sql.ts', emmett: 'peers/emmett-postgres.mjs' }
  return withDatabases(['tutti', 'plain', 'emmett'], (urls) =>
    withPrograms(files, async ({ tutti, plain, emmett }) => {
      await ask(tutti, 'open', { url: urls.tutti })
      await ask(plain, 'open', { url: urls.plain, connections })
      await ask(emmett, 'open', { url: urls.emmett, connections })
      const title = 'commands on PostgreSQL'
      const results = await compareCalls(commandsOf(tutti, emmett), {
        ...commands,
        title,
        callers,
        rounds,
        duration,
        targets: { 1: 1.5, 64: 10 },
      })
      const contenders = [tutti, plain, emmett].map((program) => ({ label: program.name, program }))
      await compareAppends(new Contest(contenders), { title: 'appends on PostgreSQL', rounds, duration: duration / 2 })
      return results
    }),
  )
}

function writesOnSqlite({ rounds, duration, callers }: Plan): Promise<readonly Result[]> {
  return withDiskFolder((folder) =>
    withPrograms({ tutti: 'servers/tutti.ts', emmett: 'peers/emmett-sqlite.mjs' }, async ({ tutti, emmett }) => {
      await ask(tutti, 'open', { path: join(folder, 'tutti.db') })
      await ask(emmett, 'open', { path: join(folder, 'emmett.db') })
      const title = 'commands on SQLite'
      return compareCalls(commandsOf(tutti, emmett), { ...commands, title, callers, rounds, duration, targets: { 64: 10 } })
    }),
  )
}

function commandsOf(tutti: ServerProcess, emmett: ServerProcess): Contest {
  return new Contest([
    { label: 'Tutti', program: tutti, input: { cache: true } },
    { label: 'Tutti, no states in memory', program: tutti, input: { cache: false } },
    { label: 'Emmett', program: emmett },
  ])
}

function replaysOnPostgres({ longRounds: rounds, replayed: count }: Plan): Promise<readonly Result[]> {
  return withDatabases(['replay'], ({ replay: url }) =>
    withPrograms({ tutti: 'servers/tutti.ts', raw: 'servers/raw-postgres.ts' }, async (programs) => {
      for (const program of Object.values(programs)) await ask(program, 'open', { url })
      return compareReplays({ ...programs, title: 'replay on PostgreSQL', paged: true, rounds, count })
    }),
  )
}

function replaysOnSqlite({ longRounds: rounds, replayed: count }: Plan): Promise<readonly Result[]> {
  return withDiskFolder((folder) =>
    withPrograms({ tutti: 'servers/tutti.ts', raw: 'servers/raw-sqlite.ts' }, async (programs) => {
      for (const program of Object.values(programs)) await ask(program, 'open', { path: join(folder, 'replay.db') })
      return compareReplays({ ...programs, title: 'replay on SQLite', paged: false, rounds, count })
    }),
  )
}

function projections({ builds: rounds, projected: count }: Plan): Promise<readonly Result[]> {
  return withDatabases(['tutti', 'emmett'], (urls) =>
    withPrograms({ tutti: 'servers/tutti.ts', emmett: 'peers/emmett-postgres.mjs' }, async ({ tutti, emmett }) => {
      await ask(tutti, 'open', { url: urls.tutti })
      await ask(emmett, 'open', { url: urls.emmett, connections })
      await waitForNeighbours(urls.emmett)
      return compareOrderLists({ tutti, emmett, rounds, count })
    }),
  )
}

function wholeShop({ rounds, duration }: Plan): Promise<readonly Result[]> {
  return withDiskFolder((folder) =>
    withServers([{ name: 'shop', file: join(import.meta.dirname, 'servers/shop.ts'), args: [join(folder, 'shop.db')] }], async ([shop]) => {
      if (shop !== undefined) await measureStorm({ shop, rounds, duration: 2 * duration })
      return []
    }),
  )
}

function growth({ rounds, duration, grown: count }: Plan): Promise<readonly Result[]> {
  return withDatabases(['small', 'large'], (urls) =>
    withPrograms({ small: 'servers/tutti.ts', large: 'servers/tutti.ts' }, async ({ small, large }) => {
      await ask(small, 'open', { url: urls.small })
      await ask(large, 'open', { url: urls.large })
      return compareGrowth({ small, large, count, rounds, duration })
    }),
  )
}
