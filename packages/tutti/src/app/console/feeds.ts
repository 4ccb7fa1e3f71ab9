/** What a feed tells its readers. */
export type Tell = (data: unknown) => void

/**
 * Where news of one kind comes from. It is begun with its first reader and ended after the last one, so that the work is done once
 * however many pages are open. The first news of a feed are what a page would have asked for anyway, if it has them at hand.
 */
export type Feed = (tell: Tell) => Disposable

interface OpenFeed {
  readonly readers: Set<Tell>
  readonly source: Disposable
}

/** The feeds of the Console, by topic. */
export class Feeds {
  readonly #named: Readonly<Record<string, Feed>>
  readonly #find: (topic: string) => Feed | undefined
  readonly #open = new Map<string, OpenFeed>()

  /** `find` gives the feeds of topics that are not among the named ones. */
  constructor(named: Readonly<Record<string, Feed>>, find: (topic: string) => Feed | undefined = () => undefined) {
    this.#named = named
    this.#find = find
  }

  has(topic: string): boolean {
    return this.#feed(topic) !== undefined
  }

  /** Reads a topic until disposed of. */
  read(topic: string, reader: Tell): Disposable {
    const known = this.#open.get(topic)
    if (known === undefined) this.#begin(topic, reader)
    else known.readers.add(reader)
    return { [Symbol.dispose]: () => this.#leave(topic, reader) }
  }

  #begin(topic: string, reader: Tell): void {
    const feed = this.#feed(topic)
    if (feed === undefined) return
    const readers = new Set([reader])
    const source = feed((data) => {
      for (const tell of readers) tell(data)
    })
    this.#open.set(topic, { readers, source })
  }

  #leave(topic: string, reader: Tell): void {
    const open = this.#open.get(topic)
    if (open === undefined) return
    open.readers.delete(reader)
    if (open.readers.size > 0) return
    open.source[Symbol.dispose]()
    this.#open.delete(topic)
  }

  #feed(topic: string): Feed | undefined {
    return Object.hasOwn(this.#named, topic) ? this.#named[topic] : this.#find(topic)
  }
}
