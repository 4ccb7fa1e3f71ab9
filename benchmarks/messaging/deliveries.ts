import { ask } from '../harness/ask.ts'
import { printTable } from '../harness/report.ts'
import { middle, takeRounds } from '../harness/rounds.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import type { Percentiles } from '../harness/statistics.ts'

/** Who publishes, and who handles. */
export interface Route {
  readonly label: string
  readonly from: ServerProcess
  readonly to: ServerProcess
}

/** How deliveries are measured. */
export interface DeliveriesPlan {
  readonly title: string
  readonly routes: readonly Route[]
  readonly rounds: number
  /** How many messages are handled, or sent, in each round. */
  readonly count: number
}

/** How fast messages are handled that have piled up, and noted as handled. */
export async function compareDrains({ title, routes, rounds, count }: DeliveriesPlan): Promise<void> {
  for (const { to } of routes) {
    const left = await ask<number>(to, 'count')
    if (left > 0) await ask(to, 'drain', { count: left })
  }
  const byLabel = new Map(routes.map((route) => [route.label, route.to]))
  const measured = await takeRounds(rounds, [...byLabel.keys()], async (label) => {
    const program = byLabel.get(label) as ServerProcess
    await ask(program, 'fill', { count })
    return ask<number>(program, 'drain', { count })
  })
  const rates = [...byLabel.keys()].map((label) => middle(measured, label, (time) => (1000 * count) / time))
  const rows = [...byLabel.keys()].map((label, i) => [
    label,
    (rates[i] ?? 0).toFixed(0),
    ((rates[i] ?? 0) / (rates.at(-1) ?? 1)).toFixed(2),
  ])
  printTable(`${title}: ${count} messages that have piled up`, ['', 'messages/s', '× last'], rows)
}

/** How long a message takes from before it is published until it is handled, where there is nothing else to do. */
export async function compareDelays({ title, routes, rounds, count }: DeliveriesPlan): Promise<void> {
  const byLabel = new Map(routes.map((route) => [route.label, route]))
  const measured = await takeRounds(rounds, [...byLabel.keys()], async (label) => {
    const { from, to } = byLabel.get(label) as Route
    await ask(to, 'listen')
    await ask(from, 'send', { count, pause: 5 })
    return ask<Percentiles>(to, 'heard', { count })
  })
  const rows = [...byLabel.keys()].map((label) => [
    label,
    middle(measured, label, ({ p50 }) => p50).toFixed(2),
    middle(measured, label, ({ p99 }) => p99).toFixed(2),
  ])
  printTable(`${title}: from publishing to handling, one message at a time`, ['', 'p50 ms', 'p99 ms'], rows)
}
