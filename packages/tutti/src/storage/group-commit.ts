import { TuttiError } from '../kernel/index.ts'
import { StorageError } from './errors.ts'
import type { StorageDriver, Unit, UnitResult, Write } from './driver.ts'

interface Waiting {
  readonly unit: Unit
  readonly size: number
  readonly resolve: (result: UnitResult) => void
  readonly reject: (error: unknown) => void
}

/** How much shares a commit at most, and how much may wait. */
export interface GroupCommitLimits {
  /** Units. @default 512 */
  readonly batch?: number
  /** Characters of data; a unit that is larger goes alone. @default 4000000 */
  readonly batchSize?: number
  /** Units. @default 50000 */
  readonly waiting?: number
  /** Characters of data. @default 256000000 */
  readonly waitingSize?: number
}

/**
 * Units of writes that arrive while a commit is under way share the next one: one round trip and one fsync for all of them. While nothing
 * is under way a unit goes at once, so nobody waits for company.
 */
export class GroupCommit {
  readonly #driver: Pick<StorageDriver, 'commit' | 'lanes'>
  readonly #limits: Required<GroupCommitLimits>
  #queue: Waiting[] = []
  #size = 0
  #active = 0
  #scheduled = false
  #idle: (() => void)[] = []

  constructor(driver: Pick<StorageDriver, 'commit' | 'lanes'>, limits: GroupCommitLimits = {}) {
    const { batch = 512, batchSize = 4_000_000, waiting = 50_000, waitingSize = 256_000_000 } = limits
    this.#driver = driver
    this.#limits = { batch, batchSize, waiting, waitingSize }
  }

  /** How many units wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Rejects with `TUTTI_STORAGE_BUSY` where too much waits already. */
  submit(unit: Unit): Promise<UnitResult> {
    const { waiting, waitingSize } = this.#limits
    if (this.#queue.length >= waiting || this.#size >= waitingSize) {
      return Promise.reject(
        new StorageError(
          'TUTTI_STORAGE_BUSY',
          `${this.#queue.length} writes of ${this.#size} characters wait for the storage already; it does not keep up. Try again later, and send it less.`,
          { status: 503 },
        ),
      )
    }
    return new Promise((resolve, reject) => {
      const size = sizeOf(unit)
      this.#size += size
      this.#queue.push({ unit, size, resolve, reject })
      if (this.#scheduled || this.#active >= this.#driver.lanes) return
      // What comes in the same turn of the event loop goes together.
      this.#scheduled = true
      queueMicrotask(() => {
        this.#scheduled = false
        this.#flush()
      })
    })
  }

  /** Resolves when nothing waits and nothing is under way. */
  async drain(): Promise<void> {
    if (this.#active === 0 && this.#queue.length === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #flush(): void {
    while (this.#active < this.#driver.lanes && this.#queue.length > 0) {
      this.#active++
      void this.#run(this.#take())
    }
    if (this.#active === 0 && this.#queue.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #take(): readonly Waiting[] {
    const { batch, batchSize } = this.#limits
    let count = 0
    let size = 0
    for (const one of this.#queue) {
      if (count === batch || (count > 0 && size + one.size > batchSize)) break
      count++
      size += one.size
    }
    this.#size -= size
    const taken = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count)
    this.#queue = taken === this.#queue ? [] : this.#queue.slice(count)
    return taken
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#commit(batch)
    } finally {
      this.#active--
      this.#flush()
    }
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    let results: Awaited<ReturnType<StorageDriver['commit']>>
    try {
      results = await this.#driver.commit(batch.map(({ unit }) => unit))
      if (results.length !== batch.length)
        throw new StorageError('TUTTI_INTERNAL', `The driver answered ${batch.length} units with ${results.length} results.`, {
          details: { outcome: 'unknown' },
        })
    } catch (error) {
      if (batch.length === 1 || error instanceof TuttiError) {
        for (const { reject } of batch) reject(error)
        return
      }
      // Something is wrong with one of them, and nothing was written: the others shall not fail with it.
      const middle = batch.length >> 1
      await this.#commit(batch.slice(0, middle))
      await this.#commit(batch.slice(middle))
      return
    }
    for (const [i, { resolve }] of batch.entries()) resolve(results[i] as UnitResult)
  }
}

function sizeOf({ writes }: Unit): number {
  let size = 0
  for (const write of writes) size += sizeOfWrite(write)
  return size
}

/** Characters of data, and a little for everything around them. */
function sizeOfWrite(write: Write): number {
  if (write.kind === 'put') return 200 + write.value.length
  if (write.kind !== 'append') return 200
  let size = 200
  for (const { data, meta } of write.events) size += 100 + data.length + meta.length
  return size
}
