import type { Clock, Timer } from '../../kernel/index.ts'

/** Looks at every member of a set from time to time: one timer for all of them, and none while there are none. */
export class Sweep<T> {
  readonly #members: ReadonlySet<T>
  readonly #every: { readonly clock: Clock; readonly interval: number }
  readonly #visit: (member: T) => void
  #timer: Timer | undefined

  constructor(members: ReadonlySet<T>, every: { readonly clock: Clock; readonly interval: number }, visit: (member: T) => void) {
    this.#members = members
    this.#every = every
    this.#visit = visit
  }

  /** Called when a member has come. */
  begin(): void {
    if (this.#timer !== undefined || this.#every.interval === 0) return
    // In a process that was held up the timers run before it reads what has come meanwhile: what a peer said in time has to count.
    this.#timer = this.#every.clock.setTimeout(() => setImmediate(() => this.#sweep()), this.#every.interval).unref()
  }

  #sweep(): void {
    this.#timer = undefined
    for (const member of this.#members) this.#visit(member)
    if (this.#members.size > 0) this.begin()
  }
}
