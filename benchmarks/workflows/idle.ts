import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ask } from '../harness/ask.ts'
import { printTable } from '../harness/report.ts'
import type { ServerProcess } from '../harness/server-process.ts'

/** How the cost of runs that sleep is measured. */
export interface IdlePlan {
  readonly tutti: ServerProcess
  /** Where the runs are. */
  readonly url: string
  /** A database of the same server, from which the other one is watched: what is asked there is not counted. */
  readonly watch: string
  readonly count: number
  /** How long is waited before, in milliseconds: what a connection did before it had nothing to do is counted up to ten seconds later. */
  readonly settling: number
  /** For how long it is watched, in milliseconds. */
  readonly duration: number
}

/** What runs that sleep cost: transactions on the server, and processor time and memory of the process. */
export async function measureIdle({ tutti, url, watch, count, settling, duration }: IdlePlan): Promise<void> {
  const client = new pg.Client({ connectionString: watch })
  await client.connect()
  const database = new URL(url).pathname.slice(1)
  try {
    const start = performance.now()
    await ask(tutti, 'sleepers', { count })
    const seconds = (performance.now() - start) / 1000
    await sleep(settling)
    const before = [await transactionsOf(client, database), (await tutti.usage()).cpu] as const
    await sleep(duration)
    const transactions = (1000 * ((await transactionsOf(client, database)) - before[0])) / duration
    const { cpu, rss } = await tutti.usage()
    printTable(
      `idle on PostgreSQL: runs that sleep, of which ${(count / seconds).toFixed(0)} a second went to sleep`,
      ['', 'transactions/s', 'CPU %', 'RSS MiB'],
      [[`${count}`, transactions.toFixed(1), ((cpu - before[1]) / (10 * duration)).toFixed(2), (rss / 2 ** 20).toFixed(0)]],
    )
  } finally {
    await client.end()
  }
}

async function transactionsOf(client: pg.Client, database: string): Promise<number> {
  const { rows } = await client.query<{ readonly count: number }>(
    'select (xact_commit + xact_rollback)::integer as count from pg_stat_database where datname = $1',
    [database],
  )
  return rows[0]?.count ?? Number.NaN
}
