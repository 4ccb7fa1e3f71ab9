import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withServers, type ServerProgram } from '../harness/server-process.ts'
import type { Result, Suite } from '../harness/report.ts'
import { ask } from './ask.ts'
import { compareAppends, compareCommands } from './commands.ts'
import { Contest } from './contender.ts'
import { requirePeers } from './peers.ts'
import { withDatabases } from './postgres-server.ts'

const program = (name: string, file: string): ServerProgram => ({ name, file: join(import.meta.dirname, file) })
const tutti = program('Tutti', 'servers/tutti.ts')

/** What one run of the suite may take. */
interface Plan {
  readonly rounds: number
  readonly duration: number
  readonly callers: readonly number[]
}

/** Commands, appends, replays, projections and growth of the event store, on PostgreSQL and SQLite, against Emmett and plain SQL. */
export const events: Suite = async ({ quick }) => {
  requirePeers()
  const plan = quick ? { rounds: 3, duration: 400, callers: [1, 64] } : { rounds: 5, duration: 2000, callers: [1, 8, 64, 256] }
  return [...(await onPostgres(plan)), ...(await onSqlite(plan))]
}

/** As many as Emmett is fastest with; more make its server's processes wait for the processors, fewer make its callers wait. */
const connections = 20

function onPostgres({ rounds, duration, callers }: Plan): Promise<readonly Result[]> {
  const programs = [tutti, program('plain SQL', 'servers/plain-sql.ts'), program('Emmett', 'peers/emmett-postgres.mjs')]
  return withDatabases(['tutti', 'plain', 'emmett'], (urls) =>
    withServers(programs, async ([own, plain, emmett]) => {
      if (own === undefined || plain === undefined || emmett === undefined) throw new Error('a program is missing')
      await ask(own, 'open', { url: urls.tutti, connections })
      await ask(plain, 'open', { url: urls.plain, connections })
      await ask(emmett, 'open', { url: urls.emmett, connections })
      const commands = new Contest([
        { label: 'Tutti', program: own, input: { cache: true } },
        { label: 'Tutti, no states in memory', program: own, input: { cache: false } },
        { label: 'Emmett', program: emmett },
      ])
      await commands.measure({ task: 'commands', callers: 64, duration, rounds: 1 })
      const title = 'commands on PostgreSQL'
      const results = await compareCommands(commands, { title, callers, rounds, duration, targets: { 1: 1.5, 64: 10 } })
      await commands.verify()
      const appends = new Contest([
        { label: 'Tutti', program: own },
        { label: 'plain SQL', program: plain },
        { label: 'Emmett', program: emmett },
      ])
      await compareAppends(appends, { title: 'appends on PostgreSQL', batches: [1, 10, 100], rounds, duration: duration / 2 })
      return results
    }),
  )
}

async function onSqlite({ rounds, duration, callers }: Plan): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(import.meta.dirname, '../../.tutti/bench-'))
  try {
    return await withServers([tutti, program('Emmett', 'peers/emmett-sqlite.mjs')], async ([own, emmett]) => {
      if (own === undefined || emmett === undefined) throw new Error('a program is missing')
      await ask(own, 'open', { path: join(folder, 'tutti.db') })
      await ask(emmett, 'open', { path: join(folder, 'emmett.db') })
      const contest = new Contest([
        { label: 'Tutti', program: own, input: { cache: true } },
        { label: 'Tutti, no states in memory', program: own, input: { cache: false } },
        { label: 'Emmett', program: emmett },
      ])
      await contest.measure({ task: 'commands', callers: 64, duration, rounds: 1 })
      const results = await compareCommands(contest, { title: 'commands on SQLite', callers, rounds, duration, targets: { 64: 10 } })
      await contest.verify()
      return results
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
