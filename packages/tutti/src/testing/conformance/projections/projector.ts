import { openProjector, type Projector, type ProjectorDefinition, type ProjectorOptions } from '../../../projections/index.ts'
import type { Storage } from '../../../storage/index.ts'

/** How long cases wait for projections. */
export const patiently = { timeout: '30s' } as const

/** A projector that has begun to work: quick to notice what others do, and slow to lose its leases on a machine that is busy. */
export async function startProjector(
  storage: Storage,
  definitions: readonly ProjectorDefinition[],
  options: ProjectorOptions = {},
): Promise<Projector> {
  const projector = await openProjector({ events: storage, models: storage }, definitions, {
    lease: '10s',
    interval: 20,
    poll: 20,
    ...options,
  })
  await projector.start()
  return projector
}

/** How many segments of a build each process holds; `nobody` for those that are free. */
export async function owners(storage: Storage, build: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { owner = 'nobody' } of await storage.state.list(`checkpoints/${build}/`)) counts[owner] = (counts[owner] ?? 0) + 1
  return counts
}
