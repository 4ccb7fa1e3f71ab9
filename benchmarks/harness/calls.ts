import { atLeast, printTable, type Result } from './report.ts'
import type { CallerFigures } from './callers.ts'
import type { CallerWork, Contest } from './contest.ts'
import { advantage, middle, type Rounds } from './rounds.ts'

/** How calls are compared: by each of several numbers of callers. */
export interface CallsPlan extends Pick<CallerWork, 'task' | 'input' | 'rounds' | 'duration'> {
  readonly title: string
  /** What one call does, such as `load, decide, append`. @default nothing is said of it */
  readonly each?: string
  /** What is counted, such as `commands`. */
  readonly unit: string
  readonly callers: readonly number[]
  /** How much more than the last contender the first one is to do, by the number of callers. @default no targets */
  readonly targets?: Readonly<Record<number, number>>
}

/** Has all contenders do the same work for callers, holds the first one against the last one, and verifies what was done. */
export async function compareCalls(contest: Contest, plan: CallsPlan): Promise<Result[]> {
  const { title, each, unit, callers, rounds, duration, targets = {} } = plan
  const { task, input } = plan
  const labels = contest.contenders.map(({ label }) => label)
  const pair = [labels[0] ?? '', labels.at(-1) ?? ''] as const
  await contest.measure({ task, ...(input && { input }), callers: 64, duration: 2 * duration, rounds: 1 })
  const results: Result[] = []
  const rows: string[][] = []
  for (const count of callers) {
    const measured = await contest.measure({ task, ...(input && { input }), callers: count, duration, rounds })
    rows.push(...labels.map((label) => [label, `${count}`, ...callFigures(measured, label, pair[1])]))
    const target = targets[count]
    const name = `${title}, ${count} ${count === 1 ? 'caller' : 'callers'}: ${pair.join(' / ')}`
    if (target !== undefined) results.push(atLeast(name, advantage(measured, pair, rate), target))
  }
  await contest.verify()
  printTable(each === undefined ? title : `${title}: ${each}`, ['', 'callers', `${unit}/s`, '× last', 'p50 ms', 'p99 ms'], rows)
  return results
}

/** Calls per second. */
export function rate(figures: CallerFigures): number {
  return figures.rate
}

/** Calls per second, how much more than the peer's they are, and how long calls took. */
export function callFigures(measured: Rounds<CallerFigures>, label: string, peer: string): string[] {
  return [
    middle(measured, label, rate).toFixed(0),
    advantage(measured, [label, peer], rate).toFixed(2),
    middle(measured, label, ({ p50 }) => p50).toFixed(2),
    middle(measured, label, ({ p99 }) => p99).toFixed(2),
  ]
}
