import type { Clock } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import { buildId, type Build, type Handover } from './build.ts'
import { findBuild, newestBuild, updateControl, type Control } from './control.ts'
import type { Projection } from './projection.ts'
import { leastPosition, readCheckpoints } from './read-checkpoints.ts'
import { checkpointKey } from './segment.ts'
import type { Subscription } from './subscription.ts'

/** What has builds: a read model in the storage, or a subscription. */
export type Durable = Projection | Subscription

interface Parts {
  readonly storage: Storage
  readonly clock: Clock
  /** Done in the transaction that creates a build. */
  setup(build: Build): Promise<void>
}

/** Sees to it that there is a build of the definition's version, unless the storage knows a later one. Resolves with what holds now. */
export function ensureBuild(definition: Durable, parts: Parts): Promise<Control> {
  return changed(parts.storage, definition.name, (before) => {
    if (before === undefined) return firstBuild(definition, parts)
    const newest = newestBuild(before)
    return newest !== undefined && newest.version >= definition.version ? undefined : addBuild(before, definition, parts)
  })
}

/** Begins a new build of the definition's version. A subscription goes on from its new start. */
export function restart(definition: Durable, parts: Parts & { readonly from: number }): Promise<Control> {
  return changed(parts.storage, definition.name, (before) =>
    before === undefined ? firstBuild(definition, parts) : addBuild(before, definition, parts),
  )
}

async function changed(
  storage: Storage,
  name: string,
  change: (before: Control | undefined) => Promise<Control> | undefined,
): Promise<Control> {
  const control = await updateControl(storage, name, change)
  if (control === undefined) throw new TypeError(`The control document of ${name} was not written.`)
  return control
}

async function firstBuild(definition: Durable, parts: Parts): Promise<Control> {
  const head = await parts.storage.events.head()
  const isSubscription = definition.kind === 'subscription'
  const from = isSubscription && definition.start === 'now' ? head : 0
  // Whoever adds a projection wants to read the past, not to relive it.
  const handover: Handover = { segments: 1, positions: [isSubscription ? 0 : head] }
  const build = await createBuild(definition, parts, { generation: 0, from, handover })
  return { revision: 0, kind: definition.kind, live: build.id, active: build.id, builds: [build], paused: false }
}

async function addBuild(before: Control, definition: Durable, parts: Parts & { readonly from?: number }): Promise<Control> {
  const generation = 1 + Math.max(-1, ...before.builds.filter(({ version }) => version === definition.version).map((b) => b.generation))
  const { stopped: _, ...kept } = before
  if (definition.kind === 'projection') {
    const build = await createBuild(definition, parts, { generation, from: 0 })
    return { ...kept, builds: [...before.builds, build] }
  }
  const active = findBuild(before, before.active)
  const taken = active && (await takeOver(parts.storage, active))
  const handover = parts.from === undefined ? taken : undefined
  const from = parts.from ?? (handover ? Math.min(...handover.positions) : 0)
  const build = await createBuild(definition, parts, { generation, from, handover: handover ?? { segments: 1, positions: [0] } })
  return { ...kept, live: build.id, active: build.id, builds: [build] }
}

async function createBuild(
  { name, version, handling }: Durable,
  { storage, clock, setup }: Parts,
  { generation, from, handover }: { readonly generation: number; readonly from: number; readonly handover?: Handover | undefined },
): Promise<Build> {
  const id = buildId(name, version, generation)
  const build: Build = { id, version, generation, segments: handling.segments, createdAt: clock.now(), ...(handover && { handover }) }
  const segments = Array.from({ length: build.segments }, (_, segment) => segment)
  // First, so that another process that begins the same build waits here instead of setting it up as well.
  await storage.state.write(
    segments.map((segment) => ({ key: checkpointKey(build, segment), value: { position: from }, status: id, due: 0, ifVersion: 0 })),
  )
  await setup(build)
  return build
}

/** Ends a build's work for good: its checkpoints go, so that no process can commit under them, and are the successor's to respect. */
async function takeOver({ state }: Storage, build: Build): Promise<Handover | undefined> {
  const documents = await readCheckpoints({ state }, build)
  const found = documents.filter((document) => document !== undefined)
  if (found.length < documents.length) return undefined
  // A checkpoint that moves meanwhile makes this a conflict, and then all is read again.
  await state.write(found.map(({ key, version }) => ({ key, delete: true, ifVersion: version })))
  return { segments: build.segments, positions: found.map(({ value }) => value.position) }
}

/**
 * Moves a build that is beside the active one towards taking its place. When it is within `slack` positions, the active one ends and side
 * effects are the new one's; when it has come as far in every segment, it is read from. Resolves with what holds now.
 */
export function promote(
  storage: Storage,
  name: string,
  { id, slack }: { readonly id: string; readonly slack: number },
): Promise<Control | undefined> {
  return updateControl(storage, name, async (before) => {
    const build = before && findBuild(before, id)
    if (before === undefined || build === undefined || before.live === id) return undefined
    const reached = leastPosition(await readCheckpoints(storage, build))
    if (reached === undefined) return undefined
    if (build.handover !== undefined) {
      return reached >= Math.max(...build.handover.positions) && before.active === id ? { ...before, live: id } : undefined
    }
    const active = findBuild(before, before.active)
    const goal = active && leastPosition(await readCheckpoints(storage, active))
    if (active === undefined || goal === undefined || reached < goal - slack) return undefined
    const handover = await takeOver(storage, active)
    if (handover === undefined) return undefined
    const done = reached >= Math.max(...handover.positions)
    const builds = before.builds.map((other) => (other.id === id ? { ...other, handover } : other))
    return { ...before, active: id, ...(done && { live: id }), builds }
  })
}
