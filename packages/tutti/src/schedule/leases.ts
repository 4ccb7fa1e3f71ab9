import type { Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { StateStore } from '../storage/index.ts'

interface Hold {
  readonly key: string
  readonly epoch: number
  readonly onLost: () => void
  /** When it was last known to hold, on the clock's `monotonic`. */
  knownAt: number
}

/** Renews the claims of this process, all in one write, and says which are lost. */
export class Leases {
  readonly #state: StateStore
  readonly #clock: Clock
  readonly #owner: string
  readonly #lease: number
  readonly #log: Logger
  readonly #holds = new Set<Hold>()
  #isArmed = false

  constructor(state: StateStore, parts: { readonly clock: Clock; readonly owner: string; readonly lease: number; readonly log: Logger }) {
    this.#state = state
    this.#clock = parts.clock
    this.#owner = parts.owner
    this.#lease = parts.lease
    this.#log = parts.log
  }

  /** Keeps a claim until what this gives is disposed of. */
  hold({ key, epoch }: { readonly key: string; readonly epoch: number }, onLost: () => void): Disposable {
    const hold: Hold = { key, epoch, onLost, knownAt: this.#clock.monotonic() }
    this.#holds.add(hold)
    if (!this.#isArmed) this.#arm()
    return { [Symbol.dispose]: () => void this.#holds.delete(hold) }
  }

  #arm(): void {
    this.#isArmed = true
    const renew = (): void => {
      void this.#renew().then(() => {
        if (this.#holds.size === 0) this.#isArmed = false
        else this.#arm()
      })
    }
    this.#clock.setTimeout(renew, this.#lease / 3).unref()
  }

  async #renew(): Promise<void> {
    const holds = [...this.#holds]
    const at = this.#clock.monotonic()
    try {
      const until = Math.ceil(this.#clock.now() + this.#lease)
      const kept = new Set(await this.#state.renew(holds, { owner: this.#owner, until }))
      for (const hold of holds) {
        if (kept.has(hold.key)) hold.knownAt = at
        else this.#lose(hold)
      }
    } catch (error) {
      this.#log.warn('Leases could not be renewed; it is tried again', { error })
      // Whoever has not heard of its lease for so long may have a successor.
      for (const hold of holds) if (this.#clock.monotonic() - hold.knownAt >= this.#lease) this.#lose(hold)
    }
  }

  #lose(hold: Hold): void {
    if (this.#holds.delete(hold)) hold.onLost()
  }
}
