import { memoryStorage, type Storage, type Transaction } from '../../src/storage/index.ts'
import { nonRetryable } from '../../src/workflow/public.ts'
import type { SimulatedProcess } from './simulated-processes.ts'

/** What the steps of simulated runs have an effect on. */
export class World {
  readonly storage: Storage = memoryStorage()
  /** What each execution of an effect gave, by the key of its step. */
  readonly effects = new Map<string, string[]>()
  /** How often the effect of a step was undone, by the key of that. */
  readonly undone = new Map<string, number>()
  /** The signals that runs have seen. */
  readonly taken = new Set<string>()
  readonly #random: () => number
  /** While it is false nothing fails any more but what always does. */
  isHostile = true
  #executions = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** Has an effect, and maybe fails before it or behind it. A process that is stopped goes on when it is woken, and a dead one never. */
  async effect(process: SimulatedProcess, key: string, fails: 'never' | 'sometimes' | 'always'): Promise<string> {
    await process.alive()
    if (fails === 'always') throw nonRetryable(new Error('never works'))
    const luck = fails === 'sometimes' && this.isHostile ? this.#random() : 1
    if (luck < 0.25) throw new Error('failed before it had an effect')
    const result = `${key} ${++this.#executions}`
    this.effects.set(key, [...(this.effects.get(key) ?? []), result])
    await process.alive()
    if (luck < 0.5) throw new Error('failed after it had an effect')
    return result
  }

  took(signal: string | undefined): void {
    if (signal !== undefined) this.taken.add(signal)
  }

  async undo(process: SimulatedProcess, key: string): Promise<void> {
    await process.alive()
    if (this.isHostile && this.#random() < 0.2) throw new Error('cannot be undone now')
    this.undone.set(key, (this.undone.get(key) ?? 0) + 1)
    await process.alive()
    if (this.isHostile && this.#random() < 0.1) throw new Error('nobody heard that it was undone')
  }

  /** Moves one coin; that happens with the record of the step, or not at all. */
  async transfer(tx: Transaction, key: string): Promise<string> {
    await move(tx, key, 1)
    return `${key} moved`
  }

  /** Moves the coin back, once, however often it is called. */
  async transferBack(process: SimulatedProcess, key: string): Promise<void> {
    await process.alive()
    await process.storage.transaction(async (tx) => {
      if ((await tx.state.get(`backs/${key}`)) !== undefined) return
      await tx.state.put(`backs/${key}`, true)
      await move(tx, key, -1)
    })
  }
}

async function move(tx: Transaction, key: string, coins: number): Promise<void> {
  for (const [account, change] of [
    ['money/from', -coins],
    ['money/to', coins],
  ] as const) {
    const found = await tx.state.get<{ readonly coins: number; readonly moves: readonly string[] }>(account)
    const { coins: before, moves } = found?.value ?? { coins: 0, moves: [] }
    await tx.state.put(account, { coins: before + change, moves: [...moves, key] })
  }
}
