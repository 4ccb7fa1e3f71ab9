/** Lets one at a time through to what has a name, in this process: whoever shares a document would otherwise only get in each other's way. */
export class Turnstile {
  readonly #last = new Map<string, Promise<void>>()

  /** Resolves when it is one's turn, with what gives the turn to the next one. */
  async enter(name: string): Promise<() => void> {
    const before = this.#last.get(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last.set(name, promise)
    await before
    return () => {
      if (this.#last.get(name) === promise) this.#last.delete(name)
      resolve()
    }
  }
}
