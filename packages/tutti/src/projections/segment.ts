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

/** A segment that this process holds under a lease. */
export class Segment {
  readonly number: number
  readonly key: string
  readonly epoch: number
  /** How far it has come; what is stored may be behind where nothing was to be handled. */
  position: number
  stored: number
  storedAt: number
  failing: Failing | undefined
  /** Streams that are set aside. */
  readonly parked: Set<string>

  constructor(
    at: { readonly number: number; readonly key: string; readonly epoch: number; readonly position: number; readonly now: number },
    parked: Iterable<string>,
  ) {
    this.number = at.number
    this.key = at.key
    this.epoch = at.epoch
    this.position = at.position
    this.stored = at.position
    this.storedAt = at.now
    this.parked = new Set(parked)
  }
}
