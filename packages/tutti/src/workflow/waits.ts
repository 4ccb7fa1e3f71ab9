import type { Clock, Timer } from '../kernel/index.ts'
import type { InboxItem, PendingOperation } from './run-document.ts'

/** What ended a wait: its time, or what came. */
export type WaitEnd = InboxItem | 'time'

interface Wait {
  readonly pending: PendingOperation
  /** What would end it: an item of that kind and name. */
  readonly wanted: Pick<InboxItem, 'kind' | 'name'> | undefined
  readonly end: (end: WaitEnd) => void
  /** Lets go of its timer. */
  readonly close: () => void
}

/** What operations of a run wait for: time, signals, children. */
export class Waits {
  readonly #clock: Clock
  readonly #waits = new Set<Wait>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waits.size
  }

  get pending(): readonly PendingOperation[] {
    return Array.from(this.#waits, ({ pending }) => pending)
  }

  /** When the first one ends by itself, in milliseconds since 1970; infinity where none does. */
  get soonest(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.pending.map(({ until = Number.POSITIVE_INFINITY }) => until))
  }

  /** Whether something else than time could end one. */
  get areWatched(): boolean {
    return this.#waits.values().some(({ wanted }) => wanted !== undefined)
  }

  /** Waits. Rejects with the signal's reason. */
  open(pending: PendingOperation, signal: AbortSignal, wanted?: Wait['wanted']): Promise<WaitEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<WaitEnd>()
    let timer: Timer | undefined
    const close = (): void => {
      this.#waits.delete(wait)
      timer?.cancel()
      signal.removeEventListener('abort', onAbort)
    }
    const end = (how: WaitEnd): void => {
      close()
      resolve(how)
    }
    const onAbort = (): void => {
      close()
      reject(signal.reason)
    }
    const wait: Wait = { pending, wanted, end, close }
    this.#waits.add(wait)
    signal.addEventListener('abort', onAbort, { once: true })
    // The process may end meanwhile: the run goes on in another.
    if (pending.until !== undefined)
      timer = this.#clock.setTimeout(() => end('time'), Math.max(0, pending.until - this.#clock.now())).unref()
    return promise
  }

  /** Hands items to those who wait for them. `take` gives the oldest one of a kind and name. */
  serve(take: (wanted: Pick<InboxItem, 'kind' | 'name'>) => InboxItem | undefined): void {
    for (const { wanted, end } of this.#waits) {
      const item = wanted && take(wanted)
      if (item !== undefined) end(item)
    }
  }

  /** Lets go of timers: nobody waits here any more. */
  abandon(): void {
    for (const { close } of this.#waits) close()
  }
}
