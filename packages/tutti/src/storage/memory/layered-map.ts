/** A map over another one: what is written stays in it until it is merged into the one below, however large that is. */
export class LayeredMap<V> {
  readonly #below: LayeredMap<V> | undefined
  /** `undefined` stands for what is deleted here. */
  readonly #own = new Map<string, V | undefined>()

  constructor(below?: LayeredMap<V>) {
    this.#below = below
  }

  get(key: string): V | undefined {
    return this.#own.has(key) ? this.#own.get(key) : this.#below?.get(key)
  }

  set(key: string, value: V): void {
    this.#own.set(key, value)
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    const existed = this.get(key) !== undefined
    if (this.#below === undefined) this.#own.delete(key)
    else this.#own.set(key, undefined)
    return existed
  }

  *entries(): Generator<readonly [string, V]> {
    for (const [key, value] of this.#own) if (value !== undefined) yield [key, value]
    if (this.#below === undefined) return
    for (const entry of this.#below.entries()) if (!this.#own.has(entry[0])) yield entry
  }

  /** Writes what is here into the map below. */
  merge(): void {
    const below = this.#below
    if (below === undefined) return
    for (const [key, value] of this.#own) {
      if (value === undefined) below.delete(key)
      else below.set(key, value)
    }
  }
}
