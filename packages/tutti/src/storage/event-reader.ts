import { RecordedEvent, type EventRow } from '../message/index.ts'
import type { EventReader } from './event-store.ts'

/** Some events, and how those behind them are fetched, where there may be any. */
export interface EventRows {
  readonly rows: readonly EventRow[]
  readonly next: (() => Promise<EventRows>) | undefined
}

/** Events as they are read, page by page: with `ahead` the next page is fetched while one is looked at. */
export function eventReader(first: () => EventRows | Promise<EventRows>, ahead = false): EventReader {
  const open = (): AsyncIterator<RecordedEvent> => new EventIterator(first, ahead)
  return {
    [Symbol.asyncIterator]: open,
    toArray: () => Array.fromAsync({ [Symbol.asyncIterator]: open }),
  }
}

/** Written by hand: a generator would take as long for an event as reading its data does. */
class EventIterator implements AsyncIterator<RecordedEvent, undefined> {
  readonly #ahead: boolean
  #fetch: (() => EventRows | Promise<EventRows>) | undefined
  #fetching: Promise<EventRows> | undefined
  #turning: Promise<void> | undefined
  #rows: readonly EventRow[] = []
  #at = 0
  #pages = 0

  constructor(first: () => EventRows | Promise<EventRows>, ahead: boolean) {
    this.#fetch = first
    this.#ahead = ahead
  }

  next(): Promise<IteratorResult<RecordedEvent, undefined>> {
    const row = this.#rows[this.#at]
    if (row === undefined) return this.#behindPage()
    this.#at++
    return Promise.resolve({ done: false, value: new RecordedEvent(row) })
  }

  return(): Promise<IteratorResult<RecordedEvent, undefined>> {
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  async #behindPage(): Promise<IteratorResult<RecordedEvent, undefined>> {
    // Whoever asks for several at a time gets them in their order.
    while (this.#turning !== undefined) await this.#turning
    if (this.#at < this.#rows.length) return this.next()
    if (this.#fetch === undefined) return { done: true, value: undefined }
    await (this.#turning = this.#turn(this.#fetch).finally(() => (this.#turning = undefined)))
    return this.next()
  }

  async #turn(fetch: () => EventRows | Promise<EventRows>): Promise<void> {
    try {
      if (this.#pages > 0) await breath()
      const { rows, next } = await (this.#fetching ?? fetch())
      this.#rows = rows
      this.#at = 0
      this.#pages++
      this.#fetch = next
      // Whoever has read a second page goes on to the third; many read no more than the first.
      this.#fetching = this.#ahead && this.#pages > 1 ? next?.() : undefined
      // Whoever stops reading does not hear of it.
      this.#fetching?.catch(() => undefined)
    } catch (error) {
      this.#end()
      throw error
    }
  }

  #end(): void {
    this.#rows = []
    this.#fetch = undefined
    this.#fetching = undefined
  }
}

/** Lets others have a turn: a backend in the same thread answers at once, so a long read would keep the event loop to itself. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
