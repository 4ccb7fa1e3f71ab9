import { bytes, OptionError, shown, type Size } from '../kernel/index.ts'
import type { AggregateRules } from './aggregate-rules.ts'
import type { HeldState } from './held-state.ts'
import { roughSize } from './rough-size.ts'

interface Slot {
  readonly held: HeldState
  readonly size: number
  /** The version at which the size was looked at. */
  readonly measuredAt: number
}

/** After how many events the size of a state is looked at again. */
const measureEvery = 32

/**
 * The committed states of the aggregates that were used last, bounded by their number and rough size. They may be behind the store, for
 * other processes write as well: whoever uses one either appends with its version or reads what has come since.
 */
export class StateCache {
  readonly #entries: number
  readonly #size: number
  /** In the order of their last use. */
  readonly #slots = new Map<string, Slot>()
  #used = 0

  constructor({ entries = 10_000, size = '64mb' }: { readonly entries?: number; readonly size?: Size } = {}) {
    if (!Number.isSafeInteger(entries) || entries < 1)
      throw new OptionError(
        `The cache of a repository received ${shown(entries)} entries; wanted a whole number of 1 or more, or cache: false.`,
      )
    this.#entries = entries
    this.#size = bytes(size)
  }

  /** How many states are kept. */
  get count(): number {
    return this.#slots.size
  }

  /** How many bytes they take, roughly. */
  get size(): number {
    return this.#used
  }

  get<State>(aggregate: AggregateRules<State>, stream: string): HeldState<State> | undefined {
    const slot = this.#slots.get(stream)
    // Another definition of the same name makes another state of the same events.
    if (slot === undefined || slot.held.aggregate !== aggregate) return undefined
    this.#slots.delete(stream)
    this.#slots.set(stream, slot)
    // The state was made by the same aggregate.
    return slot.held as HeldState<State>
  }

  /** Keeps a state unless a later one of the stream is kept already. */
  put(held: HeldState): void {
    const before = this.#slots.get(held.stream)
    const same = before !== undefined && before.held.aggregate === held.aggregate
    if (same && before.held.version >= held.version) return
    const measured = same && held.version - before.measuredAt < measureEvery
    const size = measured ? before.size : roughSize(held.state) + 2 * held.stream.length
    const measuredAt = measured ? before.measuredAt : held.version
    this.drop(held.stream)
    if (size > this.#size) return
    this.#slots.set(held.stream, { held, size, measuredAt })
    this.#used += size
    for (const stream of this.#slots.keys()) {
      if (this.#slots.size <= this.#entries && this.#used <= this.#size) return
      this.drop(stream)
    }
  }

  drop(stream: string): void {
    const slot = this.#slots.get(stream)
    if (slot === undefined) return
    this.#used -= slot.size
    this.#slots.delete(stream)
  }
}
