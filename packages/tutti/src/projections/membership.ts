import type { Clock } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import { segmentOf } from './segment-of.ts'

interface Member {
  /** The ids of the builds that the process works on. */
  readonly builds: readonly string[]
}

const collection = 'projectors'

/** Which processes work on which builds: each says so as long as it lives, so that all know their share. */
export class Membership {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #owner: string
  readonly #lease: number
  #others: readonly { readonly owner: string; readonly builds: ReadonlySet<string> }[] = []

  constructor(storage: Storage, { clock, owner, lease }: { readonly clock: Clock; readonly owner: string; readonly lease: number }) {
    this.#storage = storage
    this.#clock = clock
    this.#owner = owner
    this.#lease = lease
  }

  /** Says that this process lives and what it works on. */
  async beat(builds: readonly string[]): Promise<void> {
    const member: Member = { builds }
    await this.#storage.state.put(`${collection}/${this.#owner}`, member, { due: Math.ceil(this.#clock.now() + this.#lease) })
  }

  /** Finds out who else lives, and removes what the dead have left. */
  async look(): Promise<void> {
    const documents = await this.#storage.state.list<Member>(`${collection}/`, { limit: 1000 })
    const now = this.#clock.now()
    const living = documents.filter(({ due = 0 }) => due > now)
    for (const { key, version, due = 0 } of documents) {
      // Long enough that a process whose clock is a little behind is not taken for dead.
      if (due < now - 10 * this.#lease) await this.#storage.state.delete(key, { ifVersion: version }).catch(() => false)
    }
    this.#others = living
      .map(({ key, value }) => ({ owner: key.slice(collection.length + 1), builds: new Set(value.builds) }))
      .filter(({ owner }) => owner !== this.#owner)
  }

  /** How many segments of a build this process should hold. The shares of all processes make up the whole. */
  share(build: string, segments: number): number {
    const owners = [this.#owner, ...this.#others.filter(({ builds }) => builds.has(build)).map(({ owner }) => owner)]
    // In another order for each build, so that what does not divide evenly is not always the same processes'.
    const order = owners.map((owner) => ({ owner, rank: segmentOf(`${build}:${owner}`, 2 ** 31) }))
    order.sort((a, b) => a.rank - b.rank || (a.owner < b.owner ? -1 : 1))
    const place = order.findIndex(({ owner }) => owner === this.#owner)
    return Math.floor(segments / owners.length) + (place < segments % owners.length ? 1 : 0)
  }

  /** Says that this process works on nothing any more. */
  async leave(): Promise<void> {
    await this.#storage.state.delete(`${collection}/${this.#owner}`)
  }
}
