import { atLeast, printTable, type Result } from '../harness/report.ts'
import type { CallerFigures } from './callers.ts'
import type { Contest } from './contender.ts'
import { advantage, middle, type Rounds } from './rounds.ts'

/** How commands are measured. */
export interface CommandsPlan {
  readonly title: string
  readonly callers: readonly number[]
  readonly rounds: number
  readonly duration: number
  /** How much more than the peer is wanted, by the number of callers. */
  readonly targets: Readonly<Record<number, number>>
}

const rate = (figures: CallerFigures): number => figures.rate

/** Durable command handling: load, decide, append; the first contender against the last one. */
export async function compareCommands(contest: Contest, { title, callers, rounds, duration, targets }: CommandsPlan): Promise<Result[]> {
  const labels = contest.contenders.map(({ label }) => label)
  const pair = [labels[0] ?? '', labels.at(-1) ?? ''] as const
  await contest.measure({ task: 'commands', callers: 64, duration: 2 * duration, rounds: 1 })
  const results: Result[] = []
  const rows: string[][] = []
  for (const count of callers) {
    const measured = await contest.measure({ task: 'commands', callers: count, duration, rounds })
    rows.push(...labels.map((label) => [label, `${count}`, ...figuresOf(measured, label, pair[1])]))
    const target = targets[count]
    const name = `${title}, ${count} ${count === 1 ? 'caller' : 'callers'}: ${pair.join(' / ')}`
    if (target !== undefined) results.push(atLeast(name, advantage(measured, pair, rate), target))
  }
  await contest.verify()
  printTable(`${title}: load, decide, append`, ['', 'callers', 'commands/s', '× peer', 'p50 ms', 'p99 ms'], rows)
  return results
}

/** Appends of some events at a time, each to a new stream. */
export async function compareAppends(contest: Contest, plan: Pick<CommandsPlan, 'title' | 'rounds' | 'duration'>): Promise<void> {
  const labels = contest.contenders.map(({ label }) => label)
  const rows: string[][] = []
  for (const batch of [1, 10, 100]) {
    const measured = await contest.measure({ task: 'appends', callers: 64, input: { batch }, ...plan }, batch)
    for (const label of labels) {
      const events = batch * middle(measured, label, rate)
      rows.push([label, `${batch}`, events.toFixed(0), ...figuresOf(measured, label, labels.at(-1) ?? '')])
    }
  }
  await contest.verify()
  printTable(`${plan.title}, 64 callers`, ['', 'events each', 'events/s', 'appends/s', '× peer', 'p50 ms', 'p99 ms'], rows)
}

function figuresOf(measured: Rounds<CallerFigures>, label: string, peer: string): string[] {
  return [
    middle(measured, label, rate).toFixed(0),
    advantage(measured, [label, peer], rate).toFixed(2),
    middle(measured, label, ({ p50 }) => p50).toFixed(2),
    middle(measured, label, ({ p99 }) => p99).toFixed(2),
  ]
}
