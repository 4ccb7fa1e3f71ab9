import { isUnavailable, runTogether, type Transaction } from '../storage/index.ts'
import { HandlerFailure, SharedFailure } from './errors.ts'

/** Statements that handlers have returned and nobody has waited for yet: they run together. */
export class PendingStatements {
  readonly #tx: Transaction
  #last: Promise<unknown> | undefined
  /** The places of the events that they are of. */
  #indexes: number[] = []
  #failure: HandlerFailure | SharedFailure | undefined

  constructor(tx: Transaction) {
    this.#tx = tx
  }

  /** Takes what a handler gave, where it is a statement of the transaction or several; `index` is the event's place in the batch. */
  take(result: unknown, index: number): boolean {
    if (typeof result !== 'object' || result === null) return false
    const running = runTogether(this.#tx, Array.isArray(result) ? result : [result])
    if (running === undefined) return false
    // They end in their order, so the first failure is that of the first event.
    this.#indexes.push(index)
    this.#last = running.catch(
      (error: unknown) => (this.#failure ??= isUnavailable(error) ? this.blame(error) : new HandlerFailure(index, error)),
    )
    return true
  }

  /** Whether there are any to wait for. */
  get any(): boolean {
    return this.#last !== undefined
  }

  /** Waits for all. Rejects with the `HandlerFailure` of the first that failed, or with a `SharedFailure`. */
  async settled(): Promise<void> {
    const last = this.#last
    await last
    if (this.#failure !== undefined) throw this.#failure
    if (this.#last !== last) return
    this.#last = undefined
    this.#indexes = []
  }

  /** Whom to blame for a failure that does not tell: the event, where there is but one. */
  blame(error: unknown): HandlerFailure | SharedFailure {
    const [index] = this.#indexes
    return index !== undefined && this.#indexes.length === 1 ? new HandlerFailure(index, error) : new SharedFailure(error)
  }
}
