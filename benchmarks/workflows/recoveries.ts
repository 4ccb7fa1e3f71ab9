import { ask } from '../harness/ask.ts'
import { withDatabases } from '../harness/postgres-server.ts'
import type { WithPrograms } from '../harness/programs.ts'
import { printTable } from '../harness/report.ts'
import type { Recovery } from './recovered.ts'

/** How recoveries are measured. */
export interface RecoveriesPlan {
  readonly withPrograms: WithPrograms
  readonly connections: number
  /** How many runs are interrupted. */
  readonly count: number
  /** After which Tutti's runs are taken over. */
  readonly lease: string
}

/** How long it takes until runs are completed whose process was killed in the middle of their second step, once there is another one. */
export async function measureRecoveries({ withPrograms, connections, count, lease }: RecoveriesPlan): Promise<void> {
  const contenders = [
    { label: `Tutti, with leases of ${lease}`, file: 'servers/tutti.ts', own: { lease } },
    { label: 'DBOS', file: 'peers/dbos.mjs', own: {} },
  ]
  const rows: string[][] = []
  for (const { label, file, own } of contenders) {
    const { first, all } = await withDatabases(['runs'], async ({ runs: url }) => {
      const opening = { url, connections, ...own }
      await withPrograms({ tutti: file }, async ({ tutti: program }) => {
        await ask(program, 'open', { ...opening, concurrency: count })
        await ask(program, 'begin', { count })
        const completed = await ask<number>(program, 'count')
        if (completed !== 0) throw new Error(`${label} has completed ${completed} runs; wanted all to be interrupted`)
      })
      return withPrograms({ tutti: file }, async ({ tutti: program }) => {
        await ask(program, 'open', { ...opening, resting: true })
        return ask<Recovery>(program, 'recover', { count })
      })
    })
    rows.push([label, (first / 1000).toFixed(2), (all / 1000).toFixed(2), ((1000 * count) / (all - first)).toFixed(0)])
  }
  const header = ['', 'first goes on after s', 'all completed after s', 'runs/s in between']
  printTable(`recovery on PostgreSQL: ${count} runs whose process was killed in their second step`, header, rows)
}
