import { bytes, OptionError, type Size } from '../../kernel/index.ts'

/** A response that is kept. */
export interface StoredResponse {
  readonly headers: readonly string[]
  readonly body: string | Uint8Array | null
  readonly tags: readonly string[]
  /** Milliseconds of the monotonic clock at which it was made, and at which it is too old. */
  readonly storedAt: number
  readonly expiresAt: number
}

/** How much a response cache keeps. */
export interface ResponseCacheLimits {
  /** @default 10000 */
  readonly maxEntries?: number
  /** Of all responses and their keys together; one that takes more than an eighth of it is not kept. @default '64mb' */
  readonly maxSize?: Size
}

/** A response that is being made: what is invalidated meanwhile is not kept. */
export interface Making {
  readonly tags: Set<string>
  everything: boolean
}

interface Entry extends StoredResponse {
  readonly base: string
  readonly size: number
}

/** The variants of one resource. */
interface Variants {
  /** The request headers that its responses vary by, as far as they have said. */
  varies: readonly string[]
  count: number
}

/** What an entry takes besides its text, in bytes; an estimate. */
const overhead = 400

/** Responses by key, in memory, within limits: the least recently used go first. */
export class ResponseCache {
  readonly #entries = new Map<string, Entry>()
  readonly #byTag = new Map<string, Set<string>>()
  readonly #variants = new Map<string, Variants>()
  readonly #making = new Set<Making>()
  readonly #maxEntries: number
  readonly #maxSize: number
  #size = 0

  /** Throws `TUTTI_OPTION_INVALID` for limits that cannot be meant. */
  constructor({ maxEntries = 10_000, maxSize = '64mb' }: ResponseCacheLimits = {}) {
    if (!(Number.isSafeInteger(maxEntries) && maxEntries >= 1)) {
      throw new OptionError(`http.responseCache received maxEntries ${String(maxEntries)}; wanted a whole number of 1 or more.`)
    }
    this.#maxEntries = maxEntries
    this.#maxSize = bytes(maxSize)
  }

  /** How many responses are kept. */
  get count(): number {
    return this.#entries.size
  }

  /** How many bytes they take, roughly. */
  get size(): number {
    return this.#size
  }

  /** The request headers, sorted, by which the responses under `base` vary. */
  varies(base: string): readonly string[] {
    return this.#variants.get(base)?.varies ?? []
  }

  get(key: string, now: number): StoredResponse | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAt <= now) {
      this.#remove(key)
      return undefined
    }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  /**
   * Keeps a response under the variant of `base` that `keyOf` names for the headers it varies by; they add up over the responses of one
   * resource, so that one which forgets to say what it varies by is not given to others. False where it is too large.
   */
  put(
    base: string,
    response: StoredResponse,
    { varies, keyOf }: { readonly varies: readonly string[]; readonly keyOf: (varies: readonly string[]) => string },
  ): boolean {
    const all = [...new Set([...this.varies(base), ...varies])].toSorted()
    const key = keyOf(all)
    const size = sizeOf(response, key.length + base.length)
    this.#remove(key)
    if (size > this.#maxSize / 8) return false
    const entry = { ...response, base, size }
    this.#entries.set(key, entry)
    this.#size += size
    const variants = this.#variants.get(base) ?? { varies: all, count: 0 }
    variants.varies = all
    variants.count++
    this.#variants.set(base, variants)
    for (const tag of entry.tags) this.#byTag.set(tag, (this.#byTag.get(tag) ?? new Set<string>()).add(key))
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#size <= this.#maxSize) break
      this.#remove(oldest)
    }
    return true
  }

  /** Notes that a response is being made; call `made` in the end. */
  begin(): Making {
    const making = { tags: new Set<string>(), everything: false }
    this.#making.add(making)
    return making
  }

  /** Whether nothing that concerns the response was invalidated while it was being made. */
  made(making: Making, tags: readonly string[]): boolean {
    this.#making.delete(making)
    return !making.everything && !tags.some((tag) => making.tags.has(tag))
  }

  /** Forgets every response with one of the tags, those that are being made included; without tags everything. */
  invalidate(...tags: readonly string[]): void {
    for (const making of this.#making) {
      if (tags.length === 0) making.everything = true
      for (const tag of tags) making.tags.add(tag)
    }
    if (tags.length === 0) for (const key of [...this.#entries.keys()]) this.#remove(key)
    for (const tag of tags) for (const key of [...(this.#byTag.get(tag) ?? [])]) this.#remove(key)
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#size -= entry.size
    const variants = this.#variants.get(entry.base)
    if (variants !== undefined && --variants.count === 0) this.#variants.delete(entry.base)
    for (const tag of entry.tags) {
      const keys = this.#byTag.get(tag)
      keys?.delete(key)
      if (keys?.size === 0) this.#byTag.delete(tag)
    }
  }
}

/** The bytes that a response takes, with its keys: they may be longer than what they stand for. */
function sizeOf({ headers, body, tags }: StoredResponse, keys: number): number {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : (body?.byteLength ?? 0)
  const text = [...headers, ...tags].reduce((sum, item) => sum + item.length, 0)
  return length + text + keys + overhead
}
