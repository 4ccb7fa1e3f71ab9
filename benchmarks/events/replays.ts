import { atLeast, printTable, type Result } from '../harness/report.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { ask } from '../harness/ask.ts'
import type { ReplayFigures } from './replayed.ts'
import { advantage, middle, takeRounds } from '../harness/rounds.ts'

/** The programs that read the same events. */
export interface ReplayPlan {
  readonly title: string
  readonly tutti: ServerProcess
  readonly raw: ServerProcess
  /** Whether rows are read page by page as well, with memory that stays flat. */
  readonly paged: boolean
  readonly rounds: number
  /** How many events the stream has; the store has as many again in other streams. */
  readonly count: number
}

const rate = (figures: ReplayFigures): number => figures.rate

/** Replays of a long stream and of the whole store, against rows as the driver reads them in one statement. */
export async function compareReplays({ title, tutti, raw, paged, rounds, count }: ReplayPlan): Promise<Result[]> {
  const stream = 'order-of-a-century'
  await ask(tutti, 'fill', { count, stream })
  await ask(tutti, 'fill', { count })
  const results: Result[] = []
  const rows: string[][] = []
  const contenders: Readonly<Record<string, readonly [ServerProcess, object]>> = {
    Tutti: [tutti, {}],
    ...(paged && { 'driver, page by page': [raw, { paged: true }] }),
    driver: [raw, { paged: false }],
  }
  const labels = Object.keys(contenders)
  for (const [what, input] of [
    ['stream', { stream }],
    ['whole store', {}],
  ] as const) {
    const measured = await takeRounds(rounds + 1, labels, async (label) => {
      const [program, how] = contenders[label] as readonly [ServerProcess, object]
      const figures = await ask<ReplayFigures>(program, 'replay', { ...how, ...input })
      requireAll(`${label}, ${what}`, figures, what === 'stream' ? count : 2 * count)
      return figures
    })
    // The first round is to warm up.
    const counted = new Map([...measured].map(([label, figures]) => [label, figures.slice(1)]))
    for (const label of labels) {
      rows.push([label, what, middle(counted, label, rate).toFixed(0), advantage(counted, [label, 'driver'], rate).toFixed(2)])
    }
    results.push(atLeast(`${title}, ${what}: Tutti / driver`, advantage(counted, ['Tutti', 'driver'], rate), 0.8))
  }
  printTable(`${title} of ${count} events, and of all ${2 * count}`, ['', 'of', 'events/s', '× driver'], rows)
  return results
}

/** Each five events order 13 things. */
function requireAll(who: string, { count, quantity }: ReplayFigures, wanted: number): void {
  if (count !== wanted || quantity !== (13 * wanted) / 5)
    throw new Error(`${who}: ${count} events with a quantity of ${quantity} were read; wanted ${wanted} events`)
}
