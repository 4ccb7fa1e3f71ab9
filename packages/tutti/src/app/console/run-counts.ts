import type { RunState } from '../../workflow/index.ts'
import type { Runs } from '../runs.ts'

/** Runs that are looked at for a count: of more than these, the shares are told. */
const mostRuns = 1000

/** How many runs are in each state, of one workflow or of all. */
export async function countRuns(runs: Runs, workflow?: string): Promise<Readonly<Partial<Record<RunState, number>>>> {
  if (!runs.isUsed) return {}
  const { runs: found } = await runs.engine.list({ limit: mostRuns, ...(workflow !== undefined && { workflow }) })
  const counts: Partial<Record<RunState, number>> = {}
  for (const { state } of found) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
