/** What a feed tells its readers. */
export type Tell = (data: unknown) => void

/**
 * Where news of one kind comes from. It is begun with its first reader and ended after the last one, so that the work is done once
 * however many pages are open. The first news of a feed are what a page would have asked for anyway, if it has them at hand.
 */
export type Feed = (tell: Tell) => Disposable

interface OpenFeed {
  readonly readers: Set<Tell>
  /** `undefined` while it is begun. */
  source: Disposable | undefined
  /** What was told last; `undefined` before the first news. */
  latest: unknown
}

/** The feeds of the Console, by topic. */
export class Feeds {
  readonly #find: (topic: string) => Feed | undefined
  readonly #open = new Map<string, OpenFeed>()

  /** `find` gives the feed of a topic. */
  constructor(find: (topic: string) => Feed | undefined) {
    this.#find = find
  }

  has(topic: string): boolean {
    return this.#find(topic) !== undefined
  }

  /** Reads a topic until disposed of. */
  read(topic: string, reader: Tell): Disposable {
    const known = this.#open.get(topic)
    if (known === undefined) this.#begin(topic, reader)
    else {
      known.readers.add(reader)
      // Whoever comes later begins as the first one did: with how it is, or with an empty list.
      if (known.latest !== undefined) reader(Array.isArray(known.latest) ? [] : known.latest)
    }
    return { [Symbol.dispose]: () => this.#leave(topic, reader) }
  }

  #begin(topic: string, reader: Tell): void {
    const feed = this.#find(topic)
    if (feed === undefined) return
    const open: OpenFeed = { readers: new Set([reader]), source: undefined, latest: undefined }
    this.#open.set(topic, open)
    open.source = feed((data) => {
      open.latest = data
      for (const tell of open.readers) tell(data)
    })
  }

  #leave(topic: string, reader: Tell): void {
    const open = this.#open.get(topic)
    if (open === undefined) return
    open.readers.delete(reader)
    if (open.readers.size > 0) return
    open.source?.[Symbol.dispose]()
    this.#open.delete(topic)
  }
}
