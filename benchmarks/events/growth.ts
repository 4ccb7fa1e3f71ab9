import { atLeast, printTable, type Result } from '../harness/report.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { ask } from '../harness/ask.ts'
import type { CallerFigures } from '../harness/callers.ts'
import { advantage, middle, takeRounds } from '../harness/rounds.ts'

/** The same program on a small and on a large store. */
export interface GrowthPlan {
  readonly small: ServerProcess
  readonly large: ServerProcess
  /** How many events the large one has. */
  readonly count: number
  readonly rounds: number
  readonly duration: number
}

const few = 10_000
const callers = 8
const mean = ({ rate }: CallerFigures): number => (1000 * callers) / rate

/** How much longer an append takes when there are many events. */
export async function compareGrowth({ small, large, count, rounds, duration }: GrowthPlan): Promise<Result[]> {
  await ask(small, 'fill', { count: few })
  // In parts: no answer of HTTP is waited for so long.
  for (let left = count; left > 0; left -= 250_000) await ask(large, 'fill', { count: Math.min(left, 250_000) })
  const stores = new Map([
    [`${few} events`, small],
    [`${count} events`, large],
  ])
  const [before = '', after = ''] = stores.keys()
  const measured = await takeRounds(rounds + 1, [before, after], (label) => {
    const name = crypto.randomUUID().slice(0, 8)
    return ask<CallerFigures>(stores.get(label) as ServerProcess, 'appends', { name, batch: 1, callers, duration })
  })
  // The first round is to warm up.
  const counted = new Map([...measured].map(([label, figures]) => [label, figures.slice(1)]))
  const rows = [before, after].map((label) => [
    label,
    middle(counted, label, mean).toFixed(2),
    middle(counted, label, ({ p50 }) => p50).toFixed(2),
    middle(counted, label, ({ p99 }) => p99).toFixed(2),
    advantage(counted, [label, before], mean).toFixed(2),
  ])
  printTable(`growth on PostgreSQL: an append, ${callers} callers`, ['', 'mean ms', 'p50 ms', 'p99 ms', 'mean × first'], rows)
  return [atLeast(`growth on PostgreSQL: append at ${few} / ${count} events`, advantage(counted, [before, after], mean), 1 / 1.3)]
}
