/** Work under the same name is done one after the other, in the order in which it came; work under other names is not delayed. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last.set(name, promise)
    // Each one waits for itself, so that its context and transaction stay its own.
    if (before !== undefined) await before
    try {
      return await work()
    } finally {
      if (this.#last.get(name) === promise) this.#last.delete(name)
      resolve()
    }
  }
}
