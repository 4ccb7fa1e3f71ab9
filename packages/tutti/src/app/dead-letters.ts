import { milliseconds, type Clock, type Duration, type ErrorFacts } from '../kernel/index.ts'

/** Where work is set aside that nobody could do. */
export type DeadLetterKind = 'message' | 'projection' | 'run'

/** Work that was set aside because it failed again and again. */
export interface AnyDeadLetter {
  readonly kind: DeadLetterKind
  /** Whose it is: `topic/group`, or the name of the projection, subscription or workflow. */
  readonly of: string
  /** Names it among those of the same kind and owner. */
  readonly id: string
  /** What it is about, in a word: an event's type, a message's id, a step. */
  readonly subject: string
  /** When it was set aside. */
  readonly time: Date
  readonly attempts: number
  readonly error: ErrorFacts
  /** Everything that is known of it, the original included. */
  readonly original: unknown
}

/** Which dead letters. */
export interface DeadLetterFilter {
  /** @default all kinds */
  readonly kind?: DeadLetterKind
  /** `topic/group`, or the name of a projection, subscription or workflow. @default all */
  readonly of?: string
  /** @default all */
  readonly ids?: readonly string[]
}

/** Dead letters of one kind. */
export interface DeadLetterSource {
  readonly kind: DeadLetterKind
  list(): Promise<readonly AnyDeadLetter[]>
  replay(of: string, ids: readonly string[]): Promise<number>
  discard(of: string, ids: readonly string[]): Promise<number>
}

/** All dead letters of an application, whatever they come from. */
export class DeadLetters {
  readonly #sources: readonly DeadLetterSource[]
  readonly #clock: () => Clock

  constructor(sources: readonly DeadLetterSource[], clock: () => Clock) {
    this.#sources = sources
    this.#clock = clock
  }

  /** Those that the filter names, oldest first. */
  async list({ kind, of, ids }: DeadLetterFilter = {}): Promise<readonly AnyDeadLetter[]> {
    const sources = this.#sources.filter((source) => kind === undefined || source.kind === kind)
    const all = (await Promise.all(sources.map((source) => source.list()))).flat()
    return all
      .filter((letter) => (of === undefined || letter.of === of) && (ids === undefined || ids.includes(letter.id)))
      .toSorted((a, b) => Number(a.time) - Number(b.time))
  }

  /** Does the work again, soon. Resolves with how many it is. */
  async replay(filter: DeadLetterFilter = {}): Promise<number> {
    return this.#each(await this.list(filter), (source, of, ids) => source.replay(of, ids))
  }

  /** Forgets them. Resolves with how many. */
  async discard(filter: DeadLetterFilter = {}): Promise<number> {
    return this.#each(await this.list(filter), (source, of, ids) => source.discard(of, ids))
  }

  /** Forgets those that were set aside longer ago. Resolves with how many. */
  async purge(olderThan: Duration, filter: DeadLetterFilter = {}): Promise<number> {
    const before = this.#clock().now() - milliseconds(olderThan)
    const old = (await this.list(filter)).filter(({ time }) => Number(time) < before)
    return this.#each(old, (source, of, ids) => source.discard(of, ids))
  }

  async #each(
    letters: readonly AnyDeadLetter[],
    act: (source: DeadLetterSource, of: string, ids: readonly string[]) => Promise<number>,
  ): Promise<number> {
    let count = 0
    for (const source of this.#sources) {
      const own = letters.filter(({ kind }) => kind === source.kind)
      for (const [of, some] of Map.groupBy(own, (letter) => letter.of))
        count += await act(
          source,
          of,
          some.map(({ id }) => id),
        )
    }
    return count
  }
}
