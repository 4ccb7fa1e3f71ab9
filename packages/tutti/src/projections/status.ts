import type { Storage } from '../storage/index.ts'
import type { Build } from './build.ts'
import type { Durable } from './builds.ts'
import { controlKey, findBuild, newestBuild, type Control, type StoppedBy } from './control.ts'
import { listLetters } from './dead-letters.ts'
import { readCheckpoints } from './read-checkpoints.ts'

/**
 * `running`; `rebuilding`: a newer build is on its way beside it; `failing`: an event is tried again and again; `paused` by somebody;
 * `stopped` by an event that could not be handled; `waiting`: nobody works on it.
 */
export type ProjectionState = 'running' | 'rebuilding' | 'failing' | 'paused' | 'stopped' | 'waiting'

/** A part of a build and who works on it. */
export interface SegmentStatus {
  readonly segment: number
  readonly position: number
  /** `undefined` where nobody holds it. */
  readonly owner: string | undefined
  readonly failing: { readonly eventId: string; readonly position: number; readonly attempt: number; readonly message: string } | undefined
}

/** How a projection or subscription is. */
export interface ProjectionStatus {
  readonly name: string
  readonly kind: 'projection' | 'subscription'
  readonly state: ProjectionState
  /** The version that is read from. */
  readonly version: number
  /** How far all segments of the live build have come. */
  readonly position: number
  readonly lag: {
    /** Positions between it and the end of the log; 0 where nothing is left to handle. */
    readonly events: number
    /** How long the oldest event has waited that is still to be handled, in milliseconds. */
    readonly milliseconds: number
  }
  readonly segments: readonly SegmentStatus[]
  /** The build that is to take its place. */
  readonly next: { readonly version: number; readonly position: number } | undefined
  readonly stoppedBy: StoppedBy | undefined
  readonly deadLetters: number
}

/** How a projection is, across all processes; `undefined` where it was never started. */
export async function readStatus(storage: Storage, definition: Durable, now: number): Promise<ProjectionStatus | undefined> {
  const { name, handlers } = definition
  const control = (await storage.state.get<Control>(controlKey(name)))?.value
  const live = control && findBuild(control, control.live)
  if (control === undefined || live === undefined) return undefined
  const segments = await segmentsOf(storage, live, now)
  const position = Math.min(...segments.map((segment) => segment.position))
  const newest = newestBuild(control)
  const next = newest === undefined || newest.id === live.id ? undefined : newest
  const { events } = await storage.events.page({ after: position, limit: 1, types: [...handlers.keys()], archived: true })
  const oldest = events[0]
  const head = oldest === undefined ? position : await storage.events.head()
  return {
    name,
    kind: control.kind,
    state: stateOf(control, segments, next !== undefined),
    version: live.version,
    position,
    lag: { events: Math.max(0, head - position), milliseconds: oldest === undefined ? 0 : Math.max(0, now - oldest.time.getTime()) },
    segments,
    next: next && { version: next.version, position: Math.min(...(await segmentsOf(storage, next, now)).map((one) => one.position)) },
    stoppedBy: control.stopped,
    deadLetters: (await listLetters(storage, `${live.id}/`)).length,
  }
}

async function segmentsOf(storage: Storage, build: Build, now: number): Promise<readonly SegmentStatus[]> {
  const documents = await readCheckpoints(storage, build)
  return documents.map((document, segment) => {
    // What has handed over stays where it is.
    if (document === undefined) return { segment, position: build.handover?.positions[segment] ?? 0, owner: undefined, failing: undefined }
    const { owner, leaseUntil = 0, value } = document
    return { segment, position: value.position, owner: leaseUntil > now ? owner : undefined, failing: value.failing }
  })
}

function stateOf(control: Control, segments: readonly SegmentStatus[], rebuilding: boolean): ProjectionState {
  if (control.stopped !== undefined) return 'stopped'
  if (control.paused) return 'paused'
  if (segments.some(({ failing }) => failing !== undefined)) return 'failing'
  if (rebuilding) return 'rebuilding'
  return segments.every(({ owner }) => owner === undefined) ? 'waiting' : 'running'
}
