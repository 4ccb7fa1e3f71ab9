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
  /** For how long it is watched, in milliseconds. */
  readonly duration: number
}

/** What runs that sleep cost: transactions on the server, and processor time and memory of the process. */
export async function measureIdle({ tutti, url, watch, count, duration }: IdlePlan): Promise<void> {
  const client = new pg.Client({ connectionString: watch })
  await client.connect()
  const database = new URL(url).pathname.slice(1)
  const watchFor = async (): Promise<{ readonly transactions: number; readonly cpu: number }> => {
    // What the server counts is shown with a delay of a second or more.
    await sleep(2_000)
    const before = [await transactionsOf(client, database), (await tutti.usage()).cpu] as const
    await sleep(duration)
    const after = [await transactionsOf(client, database), (await tutti.usage()).cpu] as const
    return { transactions: (1000 * (after[0] - before[0])) / duration, cpu: (after[1] - before[1]) / (10 * duration) }
  }
  const row = async (label: string): Promise<string[]> => {
    const { transactions, cpu } = await watchFor()
    return [label, transactions.toFixed(1), cpu.toFixed(2), ((await tutti.usage()).rss / 2 ** 20).toFixed(0)]
  }
  try {
    const rows = [await row('no runs')]
    const start = performance.now()
    await ask(tutti, 'sleepers', { count })
    const seconds = (performance.now() - start) / 1000
    rows.push(await row(`${count} sleeping runs`))
    printTable(
      `idle on PostgreSQL: runs that sleep, of which ${(count / seconds).toFixed(0)} a second went to sleep`,
      ['', 'transactions/s', 'CPU %', 'RSS MiB'],
      rows,
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
