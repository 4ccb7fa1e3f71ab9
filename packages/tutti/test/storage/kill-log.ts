import type { Storage } from '../../src/storage/index.ts'
import type { Written } from './kill-read-models.ts'

/** What a checker remembers of an event. */
export interface Seen {
  readonly position: number
  readonly amount: number
  /** Whether it is one that inline read models count. */
  readonly counted: boolean
}

/** The events of a storage as a checker has read them, which reads on behind what it has checked. */
export class KillLog {
  readonly streams = new Map<string, Seen[]>()
  /** The position of the last event. */
  position = 0
  acknowledged = 0
  unacknowledged = 0
  #units = new Map<string, { readonly of: number; found: number }>()
  readonly #totals = new Map<string, number>()

  /** How many events there are. */
  get size(): number {
    return this.streams.values().reduce((sum, { length }) => sum + length, 0)
  }

  /** Throws where positions or versions are not as they must be. */
  async readOn(storage: Storage): Promise<void> {
    for await (const { data, position, stream, streamVersion, type } of storage.events.readAll({ after: this.position })) {
      if (position <= this.position) throw new Error(`Position ${position} came behind ${this.position}.`)
      this.position = position
      const seen = this.streams.get(stream) ?? []
      this.streams.set(stream, seen)
      if (streamVersion !== seen.length + 1) throw new Error(`${stream} has version ${streamVersion} where ${seen.length + 1} should be.`)
      const { unit, of, caller, amount } = data as Written
      const counted = type === 'thing.counted'
      seen.push({ position, amount, counted })
      const known = this.#units.get(unit) ?? { of, found: 0 }
      known.found++
      this.#units.set(unit, known)
      if (counted && caller !== undefined) this.#totals.set(`totals/${caller}`, (this.#totals.get(`totals/${caller}`) ?? 0) + 1)
    }
  }

  /** Throws where what the storage says of its streams does not fit their events. */
  async checkStreams(storage: Storage): Promise<void> {
    for (const [stream, { length }] of this.streams) {
      const info = await storage.events.info(stream)
      if (info?.version !== length) throw new Error(`${stream} says it has version ${info?.version}; its events say ${length}.`)
    }
  }

  /** Throws where documents that were written together with events do not fit them. */
  async checkTotals(storage: Storage): Promise<void> {
    const documents = await storage.state.list<number>('totals/', { limit: 1000 })
    if (documents.length !== this.#totals.size) throw new Error(`There are ${documents.length} totals; wanted ${this.#totals.size}.`)
    for (const { key, value } of documents)
      if (value !== this.#totals.get(key)) throw new Error(`${key} is ${value}; its events say ${this.#totals.get(key)}.`)
  }

  /** Throws where a unit that was read since the last time is there by halves, or an acknowledged one is not there. */
  checkUnits(acknowledged: readonly string[]): void {
    for (const [unit, { of, found }] of this.#units) if (found !== of) throw new Error(`Of ${unit} there are ${found} of ${of} events.`)
    for (const unit of acknowledged) if (!this.#units.has(unit)) throw new Error(`${unit} was acknowledged, and is not there.`)
    this.acknowledged += acknowledged.length
    this.unacknowledged += this.#units.size - acknowledged.length
    this.#units = new Map()
  }
}
