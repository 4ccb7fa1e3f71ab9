import { milliseconds, type Clock } from '../kernel/index.ts'
import { LeaseLostError, type Storage } from '../storage/index.ts'
import type { Build } from './build.ts'
import { listLetters } from './dead-letters.ts'
import { checkpoints, Segment, segmentNumber, type Checkpoint } from './segment.ts'
import { checkpointChange } from './work.ts'

/** The segments of a build that this process holds. */
export class Holdings {
  readonly segments = new Map<number, Segment>()
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #owner: string
  readonly #lease: number
  readonly #build: Build
  /** When the leases are over unless they are renewed, in milliseconds since 1970. */
  #until = 0
  #surplus = 0

  constructor(
    build: Build,
    { storage, clock, owner, lease }: { readonly storage: Storage; readonly clock: Clock; readonly owner: string; readonly lease: number },
  ) {
    this.#build = build
    this.#storage = storage
    this.#clock = clock
    this.#owner = owner
    this.#lease = lease
  }

  /** Whether a segment is held under a lease that has not run out. */
  holds(segment: Segment): boolean {
    return this.segments.get(segment.number) === segment && this.#clock.now() < this.#until
  }

  /** What is to be renewed. */
  get claims(): readonly { readonly key: string; readonly epoch: number }[] {
    return [...this.segments.values()].map(({ key, epoch }) => ({ key, epoch }))
  }

  /** Takes note of what was renewed until when. */
  renewed(keys: ReadonlySet<string>, until: number): void {
    for (const segment of this.segments.values()) if (!keys.has(segment.key)) this.drop(segment)
    this.#until = until
  }

  /** Forgets a segment that is another's now. */
  drop(segment: Segment): void {
    if (this.segments.get(segment.number) === segment) this.segments.delete(segment.number)
  }

  /** Takes what is free up to a share; what is beyond it goes with the next `letGo`. */
  async balance(share: number): Promise<boolean> {
    this.#surplus = Math.max(0, this.segments.size - share)
    if (this.segments.size >= share) return false
    const now = this.#clock.now()
    const claimed = await this.#storage.state.claim<Checkpoint>(checkpoints, {
      owner: this.#owner,
      lease: milliseconds(this.#lease),
      status: this.#build.id,
      limit: share - this.segments.size,
      now: Math.floor(now),
    })
    if (claimed.length === 0) return false
    const parked = await this.#parked()
    for (const document of claimed) {
      const number = segmentNumber(document.key)
      this.segments.set(number, new Segment(document, { parked: parked.get(number) ?? [], now }))
    }
    // What was held before was claimed or renewed earlier, and is renewed again long before this.
    if (this.segments.size === claimed.length) this.#until = now + this.#lease
    return true
  }

  /** Finds out what is stored, for a write whose answer was lost may have taken effect. What is another's by now is dropped. */
  async recall(): Promise<void> {
    const held = [...this.segments.values()]
    if (held.length === 0) return
    const now = this.#clock.now()
    const documents = await this.#storage.state.getMany<Checkpoint>(held.map(({ key }) => key))
    const parked = await this.#parked()
    for (const [i, segment] of held.entries()) {
      const document = documents[i]
      if (document?.epoch === segment.epoch) segment.recall(document, { parked: parked.get(segment.number) ?? [], now })
      else this.drop(segment)
    }
  }

  /** The streams that are set aside, by their segments. */
  async #parked(): Promise<ReadonlyMap<number, readonly string[]>> {
    const letters = await listLetters(this.#storage, `${this.#build.id}/`)
    const bySegment = Map.groupBy(
      letters.filter(({ value }) => value.parked),
      ({ value }) => value.segment,
    )
    return new Map([...bySegment].map(([segment, found]) => [segment, found.map(({ value }) => value.stream)]))
  }

  /** Gives away what is beyond the share, or everything. */
  async letGo(all = false): Promise<void> {
    const count = all ? this.segments.size : Math.min(this.#surplus, this.segments.size)
    this.#surplus = 0
    for (const segment of [...this.segments.values()].slice(0, count)) {
      this.drop(segment)
      try {
        await this.#storage.state.write([checkpointChange(this.#build, segmentProgress(segment), true)])
      } catch (error) {
        // Then it is another's already.
        if (!(error instanceof LeaseLostError)) throw error
      }
    }
  }
}

function segmentProgress(segment: Segment): Parameters<typeof checkpointChange>[1] {
  return { segment, position: segment.position, failing: segment.failing }
}
