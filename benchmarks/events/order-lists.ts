import { atLeast, printTable, type Result } from '../harness/report.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { ask } from '../harness/ask.ts'
import { expectedSums, type OrderListBuilt } from './order-list.ts'
import { orderLife } from './order.ts'
import { advantage, middle, takeRounds } from '../harness/rounds.ts'

/** The programs that build the same read model, each of its own events. */
export interface OrderListPlan {
  readonly tutti: ServerProcess
  readonly emmett: ServerProcess
  readonly rounds: number
  /** How many events there are. */
  readonly count: number
}

const rate = ({ time }: OrderListBuilt): number => 1 / time

/** How fast an asynchronous projection catches up: SQL of its own for each event, exactly once. */
export async function compareOrderLists({ tutti, emmett, rounds, count }: OrderListPlan): Promise<Result[]> {
  const programs = new Map([tutti, emmett].map((program) => [program.name, program]))
  for (const program of programs.values()) await ask(program, 'fill', { count })
  const measured = await takeRounds(rounds + 1, [...programs.keys()], async (label, round) => {
    const program = programs.get(label) as ServerProcess
    const built = await ask<OrderListBuilt>(program, 'buildOrderList', { name: `orders_${round}` })
    const [found, wanted] = [JSON.stringify(built.sums), JSON.stringify(expectedSums(count / orderLife.length))]
    if (found !== wanted) throw new Error(`the read model of ${label} has ${found}; wanted ${wanted}`)
    return built
  })
  // The first round is to warm up.
  const counted = new Map([...measured].map(([label, built]) => [label, built.slice(1)]))
  const rows = [...programs.keys()].map((label) => [
    label,
    (1000 * count * middle(counted, label, rate)).toFixed(0),
    advantage(counted, [label, emmett.name], rate).toFixed(2),
  ])
  printTable(`async projection on PostgreSQL: ${count} events to catch up with, one statement each`, ['', 'events/s', '× peer'], rows)
  return [atLeast('async projection on PostgreSQL: Tutti / Emmett', advantage(counted, [tutti.name, emmett.name], rate), 5)]
}
