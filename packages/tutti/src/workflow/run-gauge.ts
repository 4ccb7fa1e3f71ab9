import { Sampled } from '../observe/index.ts'
import type { EngineSettings } from './engine-settings.ts'
import type { RunSearch } from './run-search.ts'

/** How many runs that go on are looked at to tell what they do: fewer than for somebody who asks, for this goes on all the time. */
const looked = 100

/** Shows as a metric how many runs of which workflow are in which state. Disposing what it gives ends that. */
export function gaugeRuns(search: RunSearch, settings: EngineSettings, workflows: readonly string[]): Disposable {
  const shown = new DisposableStack()
  const look = () => Promise.all(workflows.map((workflow) => search.count(workflow, { looked })))
  const sampled = shown.use(new Sampled(look, settings))
  const observe = () =>
    (sampled.read() ?? []).flatMap((counts, i) =>
      Object.entries(counts).map(([state, value]) => ({ value, labels: { workflow: workflows[i] ?? '', state } })),
    )
  shown.use(
    settings.meter.gauge('tutti.workflow.stored_runs', observe, { description: 'Runs in the storage, by their state', unit: '{run}' }),
  )
  return shown
}
