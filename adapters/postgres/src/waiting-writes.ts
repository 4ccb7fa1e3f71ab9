import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError, type UnitResult } from 'tutti/storage'
import { isLockTimeout } from './failures.ts'
import type { BatchUnit } from './writes.ts'

interface Waiting {
  readonly unit: BatchUnit
  readonly resolve: (result: UnitResult) => void
  readonly reject: (error: unknown) => void
}

/** How writes wait. */
export interface WaitingWritesOptions {
  /** Writes units; rejects with the server's lock timeout where a row stays locked. */
  write(units: readonly BatchUnit[]): Promise<readonly UnitResult[]>
  /** How long a unit waits for its rows at most, in milliseconds. */
  readonly timeout: number
}

/**
 * Writes whose rows are locked by a long transaction: they wait here, so that those behind them need not. Writes to the same stream or
 * document keep their order, and share a statement when its turn has come.
 */
export class WaitingWrites {
  readonly #options: WaitingWritesOptions
  readonly #rows = new Map<string, Waiting[]>()
  readonly #loops = new Set<Promise<void>>()
  #slots = 3
  #free: (() => void)[] = []

  constructor(options: WaitingWritesOptions) {
    this.#options = options
  }

  /** Whether an earlier write to the same row waits. */
  holds(unit: BatchUnit): boolean {
    return this.#rows.size > 0 && this.#rows.has(rowOf(unit))
  }

  add(unit: BatchUnit): Promise<UnitResult> {
    const row = rowOf(unit)
    const queue = this.#rows.get(row) ?? []
    const result = new Promise<UnitResult>((resolve, reject) => queue.push({ unit, resolve, reject }))
    if (!this.#rows.has(row)) {
      this.#rows.set(row, queue)
      const loop = this.#work(row, queue)
      this.#loops.add(loop)
      void loop.finally(() => this.#loops.delete(loop))
    }
    return result
  }

  async settled(): Promise<void> {
    await Promise.all(this.#loops)
  }

  async #work(row: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, 256)
      await this.#answer(batch)
      queue.splice(0, batch.length)
    }
    this.#rows.delete(row)
  }

  async #answer(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#write(batch.map(({ unit }) => unit))
      for (const [i, { resolve }] of batch.entries()) resolve(results[i] as UnitResult)
    } catch (error) {
      // Something is wrong with one of them: the others shall not fail with it.
      if (batch.length > 1 && !(error instanceof StorageError)) for (const one of batch) await this.#answer([one])
      else for (const { reject } of batch) reject(error)
    }
  }

  async #write(units: readonly BatchUnit[]): Promise<readonly UnitResult[]> {
    const until = performance.now() + this.#options.timeout
    for (;;) {
      await this.#enter()
      try {
        return await this.#options.write(units)
      } catch (error) {
        if (!isLockTimeout(error)) throw error
        if (performance.now() > until)
          throw new StorageError(
            'TUTTI_STORAGE_CONTENTION',
            'A stream or document stayed locked by a transaction. End transactions sooner, and do this again.',
            {
              status: 503,
              cause: error,
              details: { outcome: 'none' },
            },
          )
      } finally {
        this.#leave()
      }
      await sleep(10 * Math.random())
    }
  }

  async #enter(): Promise<void> {
    if (this.#slots > 0) this.#slots--
    else await new Promise<void>((resolve) => this.#free.push(resolve))
  }

  #leave(): void {
    const next = this.#free.shift()
    if (next === undefined) this.#slots++
    else next()
  }
}

function rowOf({ writes }: BatchUnit): string {
  const [first] = writes
  return first === undefined ? '' : first.kind === 'append' ? `stream ${first.stream}` : `document ${first.key}`
}
