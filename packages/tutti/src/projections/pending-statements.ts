import { runTogether, type Transaction } from '../storage/index.ts'
import { HandlerFailure } from './errors.ts'

/** Statements that handlers have returned and nobody has waited for yet: they run together. */
export class PendingStatements {
  readonly #tx: Transaction
  #last: Promise<unknown> | undefined
  #failure: HandlerFailure | undefined

  constructor(tx: Transaction) {
    this.#tx = tx
  }

  /** Takes what a handler gave, where it is a statement of the transaction or several; `index` is the event's place in the batch. */
  take(result: unknown, index: number): boolean {
    if (typeof result !== 'object' || result === null) return false
    const running = runTogether(this.#tx, Array.isArray(result) ? result : [result])
    if (running === undefined) return false
    // They end in their order, so the first failure is that of the first event.
    this.#last = running.catch((error: unknown) => (this.#failure ??= new HandlerFailure(index, error)))
    return true
  }

  /** Whether there are any to wait for. */
  get any(): boolean {
    return this.#last !== undefined
  }

  /** Waits for all. Rejects with the `HandlerFailure` of the first that failed. */
  async settled(): Promise<void> {
    const last = this.#last
    await last
    if (this.#failure !== undefined) throw this.#failure
    if (this.#last === last) this.#last = undefined
  }
}
