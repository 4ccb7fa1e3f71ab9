import type { Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { Storage } from '../storage/index.ts'
import type { InlineProjections } from './inline.ts'
import type { Projection } from './projection.ts'
import type { Projector, ProjectorDefinition } from './projector-interface.ts'
import type { ProjectorOptions } from './projector-options.ts'

/** Where events are read from, and where read models are kept. */
export interface ProjectorStorages {
  readonly events: Storage
  readonly models: Storage
}

/**
 * A projector, whose code is loaded when the first one is opened: applications without projections need none of it. Where read models have
 * a storage of their own, async projections keep their checkpoints there; those of subscriptions stay with the events.
 */
export async function openProjector(
  { events, models }: ProjectorStorages,
  definitions: readonly ProjectorDefinition[],
  options: ProjectorOptions,
): Promise<Projector> {
  const { createProjector } = await import('./projector.ts')
  if (events === models) return createProjector(events, definitions, options)
  const [{ JoinedProjectors }, { SplitStorage }] = await Promise.all([import('./joined-projectors.ts'), import('../storage/index.ts')])
  const apart = definitions.filter((definition) => definition.kind === 'projection' && definition.mode === 'async')
  const rest = definitions.filter((definition) => !apart.includes(definition))
  const part = (storage: Storage, chosen: readonly ProjectorDefinition[]): { projector: Projector; names: ReadonlySet<string> } => ({
    projector: createProjector(storage, chosen, options),
    names: new Set(chosen.map(({ name }) => name)),
  })
  return new JoinedProjectors([part(events, rest), part(new SplitStorage(events, models), apart)])
}

/** What keeps inline projections, loaded and started. */
export async function openInline(
  storage: Storage,
  projections: readonly Projection[],
  options: { readonly clock: Clock; readonly log: Logger },
): Promise<InlineProjections> {
  const { createInline } = await import('./inline.ts')
  const inline = createInline(storage, projections, options)
  await inline.start()
  return inline
}
