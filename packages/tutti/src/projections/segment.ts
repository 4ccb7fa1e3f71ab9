import type { Document } from '../storage/index.ts'
import type { Build } from './build.ts'

/** An event that a segment does not get past, and when it is tried again. */
export interface Failing {
  readonly position: number
  readonly eventId: string
  readonly attempt: number
  /** In milliseconds since 1970. */
  readonly until: number
  readonly message: string
}

/** What the document of a segment holds. */
export interface Checkpoint {
  /** No event at or below this is still to be handled. */
  readonly position: number
  readonly failing?: Omit<Failing, 'until'>
}

/** The collection of checkpoints. */
export const checkpoints = 'checkpoints'

/** The key of a segment's checkpoint. */
export function checkpointKey(build: Pick<Build, 'id'>, segment: number): string {
  return `${checkpoints}/${build.id}/${segment}`
}

/** The segment of a checkpoint's key. */
export function segmentNumber(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}

/** A segment that this process holds under a lease. */
export class Segment {
  readonly number: number
  readonly key: string
  readonly epoch: number
  /** The version of the stored checkpoint: one that moves unseen, by a write whose answer was lost, makes the next write a conflict. */
  version: number
  /** How far it has come; what is stored may be behind where nothing was to be handled. */
  position: number
  stored: number
  storedAt: number
  failing: Failing | undefined
  /** Streams that are set aside. */
  readonly parked: Set<string>

  constructor(
    { key, epoch, version, value }: Document<Checkpoint>,
    { parked, now }: { readonly parked: Iterable<string>; readonly now: number },
  ) {
    this.number = segmentNumber(key)
    this.key = key
    this.epoch = epoch
    this.version = version
    this.position = value.position
    this.stored = value.position
    this.storedAt = now
    // Attempts go on counting where the process before has left off.
    this.failing = value.failing && { ...value.failing, until: now }
    this.parked = new Set(parked)
  }

  /** Takes over what is stored. What was handled here is never behind it, so the position does not go back. */
  recall({ version, value }: Document<Checkpoint>, { parked, now }: { readonly parked: Iterable<string>; readonly now: number }): void {
    this.version = version
    this.stored = value.position
    this.position = Math.max(this.position, value.position)
    this.failing = value.failing && value.failing.position > this.position ? { ...value.failing, until: now } : undefined
    this.parked.clear()
    for (const stream of parked) this.parked.add(stream)
  }
}
