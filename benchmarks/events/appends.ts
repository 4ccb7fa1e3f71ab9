import { callFigures, rate } from '../harness/calls.ts'
import type { Contest } from '../harness/contest.ts'
import { printTable } from '../harness/report.ts'
import { middle } from '../harness/rounds.ts'

/** How appends are measured. */
export interface AppendsPlan {
  readonly title: string
  readonly rounds: number
  readonly duration: number
}

/** Appends of some events at a time, each to a new stream. */
export async function compareAppends(contest: Contest, plan: AppendsPlan): Promise<void> {
  const labels = contest.contenders.map(({ label }) => label)
  const rows: string[][] = []
  for (const batch of [1, 10, 100]) {
    const measured = await contest.measure({ task: 'appends', callers: 64, input: { batch }, ...plan }, batch)
    for (const label of labels) {
      const events = batch * middle(measured, label, rate)
      rows.push([label, `${batch}`, events.toFixed(0), ...callFigures(measured, label, labels.at(-1) ?? '')])
    }
  }
  await contest.verify()
  printTable(`${plan.title}, 64 callers`, ['', 'events each', 'events/s', 'appends/s', '× peer', 'p50 ms', 'p99 ms'], rows)
}
