import type { Clock } from '../kernel/index.ts'
import type { BoundCounter, BoundHistogram, Logger, Tracer } from '../observe/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { DocumentChange, Storage } from '../storage/index.ts'
import type { Build } from './build.ts'
import type { Durable } from './builds.ts'
import type { Checkpoint, Segment } from './segment.ts'

/** What those need who handle events for a build. */
export interface Work<D extends Durable = Durable> {
  readonly definition: D
  readonly build: Build
  readonly storage: Storage
  readonly clock: Clock
  readonly log: Logger
  readonly handled: BoundCounter
  readonly failed: BoundCounter
  readonly duration: BoundHistogram
  readonly tracer: Tracer
  /** Whether side effects of an event were done already, or are another build's to do. */
  replaying(event: RecordedEvent): boolean
  /** Whether a segment may go on: it is held, and nobody wants it to stop. */
  mayGoOn(segment: Segment): boolean
  /** The lease of a segment was lost. */
  drop(segment: Segment): void
  /** Stops the projection in all processes. */
  halt(event: RecordedEvent, error: unknown): Promise<void>
}

/** Some events in the order of the log, for segments that have all come equally far. */
export interface Batch {
  readonly segments: ReadonlyMap<number, Segment>
  readonly events: readonly RecordedEvent[]
  /** How far the events reach. */
  readonly upTo: number
}

/** Where a segment stands after a batch. */
export interface Progress {
  readonly segment: Segment
  readonly position: number
  readonly failing: Segment['failing']
}

/** The write of a segment's checkpoint: it fails where the lease is another's, and where an earlier write has taken effect without an answer. */
export function checkpointChange(build: Build, { segment, position, failing }: Progress, release = false): DocumentChange {
  const { key, epoch, version } = segment
  const value: Checkpoint = { position, ...(failing && { failing: withoutTime(failing) }) }
  return { key, value, status: build.id, due: 0, epoch, ifVersion: version, release }
}

/** Takes over in memory what was stored. */
export function note({ segment, position, failing }: Progress, now: number): void {
  segment.version++
  segment.position = position
  segment.stored = position
  segment.storedAt = now
  segment.failing = failing
}

function withoutTime({ position, eventId, attempt, message }: NonNullable<Segment['failing']>): NonNullable<Checkpoint['failing']> {
  return { position, eventId, attempt, message }
}
