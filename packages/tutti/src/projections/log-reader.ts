import type { RecordedEvent } from '../message/index.ts'
import type { EventPage, EventStore } from '../storage/index.ts'

/** How many of the newest events are kept for those who come to them a little later. */
const kept = 4_000

/**
 * Reads the log for everybody in the process. Those who keep up share one read of its end; those who are behind read for themselves, only
 * what they want. Events of archived streams are read as well, so that nothing is missed that was archived before its time came.
 */
export class LogReader {
  readonly #events: Pick<EventStore, 'page' | 'head'>
  readonly #types: readonly string[]
  /** Events behind `#low` and up to `#high`. */
  #tail: RecordedEvent[] = []
  #low = -1
  #high = -1
  #maybeMore = true
  #reading: Promise<void> | undefined

  /** `types` are those that anybody wants. */
  constructor(events: Pick<EventStore, 'page' | 'head'>, types: Iterable<string>) {
    this.#events = events
    this.#types = [...new Set(types)]
  }

  /** How far the log is known to reach. */
  get head(): number {
    return Math.max(0, this.#high)
  }

  /** Says that there may be new events. */
  stir(): void {
    this.#maybeMore = true
  }

  /** Events of some types behind a position. */
  async page(after: number, types: ReadonlySet<string>, limit: number): Promise<EventPage> {
    if (this.#high < 0) await (this.#reading ??= this.#open())
    if (after < this.#low) return this.#events.page({ after, types: [...types], limit, archived: true })
    if (after > this.#high) this.#restart(after)
    while (after === this.#high && (this.#maybeMore || this.#reading !== undefined)) await (this.#reading ??= this.#extend(limit))
    return after < this.#low ? this.#events.page({ after, types: [...types], limit, archived: true }) : this.#fromTail(after, types, limit)
  }

  async #open(): Promise<void> {
    try {
      this.#restart(await this.#events.head())
    } finally {
      this.#reading = undefined
    }
  }

  #restart(at: number): void {
    this.#tail = []
    this.#low = at
    this.#high = at
    this.#maybeMore = true
  }

  async #extend(limit: number): Promise<void> {
    this.#maybeMore = false
    const after = this.#high
    try {
      const { events, position } = await this.#events.page({ after, types: this.#types, limit, archived: true })
      // Somebody who had read for himself may have come further meanwhile.
      if (after !== this.#high) return
      if (events.length >= limit) this.#maybeMore = true
      this.#tail.push(...events)
      this.#high = position
      if (this.#tail.length > kept * 2) {
        this.#tail = this.#tail.slice(-kept)
        this.#low = (this.#tail[0] as RecordedEvent).position - 1
      }
    } catch (error) {
      this.#maybeMore = true
      throw error
    } finally {
      this.#reading = undefined
    }
  }

  #fromTail(after: number, types: ReadonlySet<string>, limit: number): EventPage {
    const events: RecordedEvent[] = []
    for (let i = firstBehind(this.#tail, after); i < this.#tail.length; i++) {
      const event = this.#tail[i] as RecordedEvent
      if (!types.has(event.type)) continue
      events.push(event)
      if (events.length === limit) return { events, position: event.position }
    }
    return { events, position: Math.max(after, this.#high) }
  }
}

/** The index of the first event behind a position. */
function firstBehind(events: readonly RecordedEvent[], position: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle] as RecordedEvent).position <= position) low = middle + 1
    else high = middle
  }
  return low
}
