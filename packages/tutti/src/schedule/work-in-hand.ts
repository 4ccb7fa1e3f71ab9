import type { Clock } from '../kernel/index.ts'
import type { AbortCause } from './errors.ts'

/** Work that can be told to end. */
export interface Endable {
  abort(why: AbortCause): void
}

/** How long work may take to end and to be noted once its signal has fired, in milliseconds: more than an attempt is waited for. */
const lastTime = 8_000

/** The firings and jobs that this process is at. */
export class WorkInHand {
  readonly #clock: Clock
  readonly #items = new Map<Endable, Promise<void>>()
  readonly #gone = new AbortController()
  #stopping = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether nothing new is to be begun. */
  get stopping(): boolean {
    return this.#stopping
  }

  /** Fires when nobody waits for the work any more. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  add(item: Endable, work: Promise<void>): void {
    const done = work.finally(() => this.#items.delete(item))
    this.#items.set(item, done)
  }

  close(): void {
    this.#stopping = true
  }

  /** Waits for all work; after `timeout` milliseconds it is told to end. */
  async drain(timeout: number): Promise<void> {
    await this.#idleWithin(timeout)
    for (const item of this.#items.keys()) item.abort('stopping')
    await this.#idleWithin(lastTime)
    this.#gone.abort()
    await Promise.all(this.#items.values())
  }

  async #idleWithin(timeout: number): Promise<void> {
    if (this.#items.size === 0) return
    const enough = new AbortController()
    const waited = this.#clock.sleep(timeout, enough.signal).catch(() => undefined)
    await Promise.race([Promise.all(this.#items.values()), waited])
    enough.abort()
  }
}
