/** The end of an exporter: what waits for another attempt is hurried first, and what is under way ended when the time is up. */
export class Closing {
  readonly #hurry = new AbortController()
  readonly #end = new AbortController()

  /** Fires when the exporter is to end. */
  get hurry(): AbortSignal {
    return this.#hurry.signal
  }

  /** Fires when the time for that is up. */
  get end(): AbortSignal {
    return this.#end.signal
  }

  /** Does the last work within a time. Whoever does it must stop when `end` fires. */
  async within(limit: number, work: () => Promise<unknown>): Promise<void> {
    this.#hurry.abort()
    const timer = setTimeout(() => this.#end.abort(), limit)
    try {
      await work()
    } finally {
      clearTimeout(timer)
      this.#end.abort()
    }
  }
}
