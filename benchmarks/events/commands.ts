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
  const [own = '', ...others] = contest.contenders.map(({ label }) => label)
  const peer = others.at(-1) ?? own
  const results: Result[] = []
  const rows: string[][] = []
  for (const count of callers) {
    const measured = await contest.measure({ task: 'commands', callers: count, duration, rounds })
    rows.push(...rowsOf(measured, `${count}`, [own, ...others]))
    const target = targets[count]
    const ratio = advantage(measured, [own, peer], rate)
    if (target !== undefined) results.push(atLeast(`${title}, ${count} callers: ${own} / ${peer}`, ratio, target))
  }
  printTable(`${title}: load, decide, append`, ['', 'callers', 'commands/s', '× peer', 'p50 ms', 'p99 ms'], rows)
  return results
}

/** Appends of some events at a time, each to a new stream. */
export async function compareAppends(
  contest: Contest,
  { title, batches, ...plan }: Pick<CommandsPlan, 'title' | 'rounds' | 'duration'> & { readonly batches: readonly number[] },
): Promise<void> {
  const rows: string[][] = []
  for (const callers of [1, 64]) {
    for (const batch of batches) {
      const measured = await contest.measure({ task: 'appends', callers, input: { batch }, ...plan }, batch)
      const labels = contest.contenders.map(({ label }) => label)
      const found = rowsOf(measured, `${callers}`, labels)
      rows.push(
        ...found.map(([label = '', ...rest], i) => {
          return [label, ...rest.slice(0, 1), `${batch}`, (batch * middle(measured, labels[i] ?? '', rate)).toFixed(0), ...rest.slice(1)]
        }),
      )
    }
  }
  printTable(title, ['', 'callers', 'events each', 'events/s', 'appends/s', '× peer', 'p50 ms', 'p99 ms'], rows)
}

function rowsOf(measured: Rounds<CallerFigures>, callers: string, labels: readonly string[]): string[][] {
  const peer = labels.at(-1) ?? ''
  return labels.map((label) => [
    label,
    callers,
    middle(measured, label, rate).toFixed(0),
    advantage(measured, [label, peer], rate).toFixed(2),
    middle(measured, label, ({ p50 }) => p50).toFixed(2),
    middle(measured, label, ({ p99 }) => p99).toFixed(2),
  ])
}
