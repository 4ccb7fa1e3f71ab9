import { Sampled } from '../observe/index.ts'
import type { Storage } from '../storage/index.ts'
import { countLetters } from './dead-letters.ts'
import type { ProjectorSettings } from './projector-options.ts'

/** Shows as a metric how many events each projection and subscription has set aside. Disposing what it gives ends that. */
export function gaugeLetters(storage: Storage, settings: ProjectorSettings, names: readonly string[]): Disposable {
  const shown = new DisposableStack()
  const sampled = shown.use(new Sampled(() => Promise.all(names.map((name) => countLetters(storage, name))), settings))
  const observe = () => (sampled.read() ?? []).map((value, i) => ({ value, labels: { projection: names[i] ?? '' } }))
  shown.use(settings.meter.gauge('tutti.projection.dead_letters', observe, { description: 'Events that are set aside', unit: '{event}' }))
  return shown
}
