/** How many parts a window is counted in: what leaves it leaves in steps of a tenth. */
const parts = 10

/** Counts the calls of the last while and how many of them failed, in memory that does not grow with them. */
export class CallWindow {
  /** Milliseconds of one part. */
  readonly #width: number
  readonly #calls = new Float64Array(parts)
  readonly #failures = new Float64Array(parts)
  /** The number of the newest part since the clock's zero. */
  #newest = 0

  /** A window of `length` milliseconds. */
  constructor(length: number) {
    this.#width = Math.max(1, length / parts)
  }

  /** Counts a call that ended at `now`, in monotonic milliseconds. */
  add(now: number, failed: boolean): void {
    this.#move(now)
    const at = this.#newest % parts
    this.#calls[at] = (this.#calls[at] ?? 0) + 1
    if (failed) this.#failures[at] = (this.#failures[at] ?? 0) + 1
  }

  /** What the window holds at `now`. */
  count(now: number): { readonly calls: number; readonly failures: number } {
    this.#move(now)
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
    return { calls: sum(this.#calls), failures: sum(this.#failures) }
  }

  /** Forgets everything. */
  clear(): void {
    this.#calls.fill(0)
    this.#failures.fill(0)
  }

  #move(now: number): void {
    const part = Math.floor(now / this.#width)
    for (let next = Math.max(this.#newest + 1, part - parts + 1); next <= part; next++) {
      this.#calls[next % parts] = 0
      this.#failures[next % parts] = 0
    }
    this.#newest = Math.max(this.#newest, part)
  }
}
