import { RecordedEvent, type EventRow } from '../message/index.ts'
import type { EventReader } from './event-store.ts'

/** Events that can be read page by page. A place is a version or a position. */
export interface EventPages {
  /** Where the first page begins; nowhere if there is nothing to read. */
  readonly first: number | undefined
  /** How many events at most, all in all. */
  readonly limit: number
  /** How many events the first page has at most. */
  readonly size: number
  /** How many the next one may have, behind a page with these. */
  nextSize(rows: readonly EventRow[]): number
  /** At most `limit` events from a place on; fewer only where no more are there. */
  read(place: number, limit: number): Promise<readonly EventRow[]>
  /** Where it goes on behind an event; nowhere if that was the last one that was asked for. */
  behind(row: EventRow): number | undefined
  /** Where it goes on behind so many events without gaps. */
  ifDense(place: number, count: number): number | undefined
  /** Whether pages are fetched while others are looked at. */
  readonly ahead: boolean
}

/** Events as they are read; what is asked for is checked when it is. */
export function eventReader(pages: () => EventPages): EventReader {
  const open = (): AsyncIterator<RecordedEvent> => new EventIterator(pages)
  return {
    [Symbol.asyncIterator]: open,
    toArray: () => Array.fromAsync({ [Symbol.asyncIterator]: open }),
  }
}

interface Fetching {
  readonly place: number
  readonly limit: number
  readonly rows: Promise<readonly EventRow[]>
}

/** How many pages are fetched ahead: while one arrives, the backend already looks for the other. */
const mostAhead = 2

/** Written by hand: a generator would take as long for an event as reading its data does. */
class EventIterator implements AsyncIterator<RecordedEvent, undefined> {
  readonly #open: () => EventPages
  #pages: EventPages | undefined
  #turning: Promise<void> | undefined
  #rows: readonly EventRow[] = []
  #at = 0
  #turned = 0
  #fetching: Fetching[] = []
  /** Where it goes on behind what is being fetched. */
  #next: number | undefined
  #left = 0
  #size = 0
  #dense = true
  #ended = false

  constructor(open: () => EventPages) {
    this.#open = open
  }

  next(): Promise<IteratorResult<RecordedEvent, undefined>> {
    const row = this.#rows[this.#at]
    if (row === undefined) return this.#behindPage()
    this.#at++
    return Promise.resolve({ done: false, value: new RecordedEvent(row) })
  }

  return(): Promise<IteratorResult<RecordedEvent, undefined>> {
    this.#rows = []
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  async #behindPage(): Promise<IteratorResult<RecordedEvent, undefined>> {
    // Whoever asks for several at a time gets them in their order.
    while (this.#turning !== undefined) await this.#turning
    if (this.#at < this.#rows.length) return this.next()
    if (this.#ended) return { done: true, value: undefined }
    await (this.#turning = this.#turn().finally(() => (this.#turning = undefined)))
    return this.next()
  }

  async #turn(): Promise<void> {
    try {
      if (this.#turned > 0) await breath()
      const pages = (this.#pages ??= this.#begin())
      const page = this.#fetching.shift() ?? this.#fetch(pages)
      const rows = (await page?.rows) ?? []
      if (this.#ended) return
      this.#rows = rows
      this.#at = 0
      this.#turned++
      const last = rows.at(-1)
      if (page === undefined || last === undefined || rows.length < page.limit) this.#end()
      else this.#goOn(pages, rows, last)
    } catch (error) {
      this.#end()
      throw error
    }
  }

  #begin(): EventPages {
    const pages = this.#open()
    this.#next = pages.first
    this.#left = pages.limit
    this.#size = pages.size
    return pages
  }

  #goOn(pages: EventPages, rows: readonly EventRow[], last: EventRow): void {
    const next = pages.behind(last)
    if (this.#fetching[0]?.place !== next) {
      // What was fetched for the case that there are no gaps begins elsewhere.
      if (this.#fetching.length > 0) this.#dense = false
      for (const { limit } of this.#fetching.splice(0)) this.#left += limit
      this.#next = next
    }
    this.#size = pages.nextSize(rows)
    if (this.#fetching.length === 0 && (next === undefined || this.#left === 0)) return this.#end()
    // Whoever has read a second page goes on to the third; many read no more than the first.
    const ahead = !pages.ahead || this.#turned === 1 ? 0 : this.#dense ? mostAhead : 1
    while (this.#fetching.length < ahead) {
      const page = this.#fetch(pages)
      if (page === undefined) return
      this.#fetching.push(page)
    }
  }

  #fetch(pages: EventPages): Fetching | undefined {
    const place = this.#next
    const limit = Math.min(this.#size, this.#left)
    if (place === undefined || limit === 0) return undefined
    const rows = pages.read(place, limit)
    // Whoever stops reading does not hear of it.
    rows.catch(() => undefined)
    this.#left -= limit
    this.#next = pages.ifDense(place, limit)
    return { place, limit, rows }
  }

  #end(): void {
    this.#ended = true
    this.#fetching = []
  }
}

/** Lets others have a turn: a backend in the same thread answers at once, so a long read would keep the event loop to itself. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
