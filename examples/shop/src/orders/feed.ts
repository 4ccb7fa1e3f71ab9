import { dependency, newId } from 'tutti'
import type { SseMessage } from 'tutti/http'
import { settings } from '../settings.ts'
import type { Order } from './order.ts'

interface Entry {
  readonly id: string
  readonly order: Order
}

/** The latest changes of orders, so many that a client which was away for a while misses nothing. */
export class Feed {
  readonly #size: number
  readonly #entries: Entry[] = []
  readonly #waiting = new Set<() => void>()

  constructor(size: number) {
    this.#size = size
  }

  publish(order: Order): void {
    this.#entries.push({ id: newId(), order })
    if (this.#entries.length > this.#size) this.#entries.shift()
    for (const wake of [...this.#waiting]) wake()
  }

  /** A customer's changes after the entry `last`, then each new one as it comes, until the signal fires. */
  async *follow(
    customer: string,
    { last = newId(), signal }: { last?: string | undefined; signal: AbortSignal },
  ): AsyncGenerator<SseMessage> {
    while (!signal.aborted) {
      // Ids sort by time. The next entry is looked up anew each time, because a slow client may be overtaken.
      const entry = this.#entries.find(({ id, order }) => id > last && order.customer === customer)
      if (entry === undefined) await this.#change(signal)
      else {
        yield { id: entry.id, event: entry.order.status, data: entry.order }
        last = entry.id
      }
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}

export const feed = dependency('feed', { needs: { settings } }, ({ needs }) => new Feed(needs.settings.feedSize))
