import type { Gathering, Signal } from './settings.ts'
import type { Trouble } from './trouble.ts'

/** Telemetry of one signal on its way to the collector. */
export interface Pipe {
  /** Resolves when all that was taken has been sent or given up. */
  flush(): Promise<void>
  /** Flushes, and takes no more. */
  close(): Promise<void>
}

/** Keeps what waits for the collector within bounds. */
export class Intake {
  readonly #signal: Signal
  readonly #queue: number
  readonly #trouble: Trouble
  #given = 0

  constructor(signal: Signal, { queue }: Gathering, trouble: Trouble) {
    this.#signal = signal
    this.#queue = queue
    this.#trouble = trouble
  }

  /** Whether there is room for one more, when so many have left; what has none is counted as lost. */
  admits(left: number): boolean {
    if (this.#given - left < this.#queue) {
      this.#given++
      return true
    }
    this.#trouble.lost(this.#signal, { count: 1, reason: 'queue_full', why: `${this.#queue} wait for the collector already` })
    return false
  }
}
