import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connections } from './connections.ts'
import { isContention, schemaError, storageError } from './failures.ts'
import { literal } from './literals.ts'
import type { Tables } from './tables.ts'

interface Request {
  readonly count: number
  readonly floor: string | undefined
  readonly resolve: (base: number) => void
  readonly reject: (error: unknown) => void
}

/** How long a floor that nobody holds may be seen before it is removed, in milliseconds. */
const patience = 1000

/**
 * Gives positions to transactions that last over several calls, without letting them lock the counter. Positions are given out in a
 * transaction of its own, together with a floor: a row that says that something may still appear behind it. The transaction that uses them
 * deletes its floor, so that its events become visible at the very moment the floor goes, and readers stop at the lowest floor they see.
 */
export class Positions {
  readonly #connections: Connections
  readonly #tables: Tables
  #queue: Request[] = []
  #busy = false
  #seen: { readonly floor: string; readonly since: number } | undefined

  constructor(connections: Connections, tables: Tables) {
    this.#connections = connections
    this.#tables = tables
  }

  /** Takes positions: those behind the one it resolves with. What is asked for in the meantime shares the next round trip. */
  take(count: number, floor: string | undefined): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ count, floor, resolve, reject })
      if (!this.#busy) void this.#work()
    })
  }

  /** A name for a floor. */
  newFloor(): string {
    return randomUUID()
  }

  /** Locks a floor as long as the transaction lasts: nobody takes it for one that was left behind. */
  lockFloor(floor: string): string {
    return `select id from ${this.#tables.floors} where id = ${literal(floor)} for update`
  }

  deleteFloor(floor: string): string {
    return `delete from ${this.#tables.floors} where id = ${literal(floor)}`
  }

  /** Removes the lowest floor where the process that made it is gone: its transaction then holds no lock of it. */
  async look(floor: string | undefined): Promise<void> {
    if (floor === undefined || this.#seen?.floor !== floor) {
      this.#seen = floor === undefined ? undefined : { floor, since: performance.now() }
      return
    }
    if (performance.now() - this.#seen.since < patience) return
    this.#seen = { floor, since: performance.now() }
    // Where that fails now, the next look tries again.
    await this.#removeUnlocked(floor).catch(() => undefined)
  }

  /** Removes the floor of a transaction whose connection was lost, as soon as the server has noticed; later looks do it where that takes long. */
  async abandon(floor: string | undefined): Promise<void> {
    if (floor === undefined) return
    const until = performance.now() + patience
    for (let wait = 1; performance.now() < until; wait *= 2) {
      const removed = await this.#removeUnlocked(floor).catch(() => false)
      if (removed) return
      await sleep(wait)
    }
  }

  /** Resolves with whether the floor is gone: not where a transaction holds its lock. */
  #removeUnlocked(floor: string): Promise<boolean> {
    return this.#connections.with(
      async (lease) => {
        const [, found] = await lease.ask(['start transaction', `${this.lockFloor(floor)} skip locked`])
        if (found?.rows.length === 1) {
          await lease.ask([this.deleteFloor(floor), 'commit'])
          return true
        }
        // What is locked can be read nevertheless.
        const [, left] = await lease.ask(['rollback', `select id from ${this.#tables.floors} where id = ${literal(floor)}`])
        return left?.rows.length === 0
      },
      { attempts: 2 },
    )
  }

  async #work(): Promise<void> {
    this.#busy = true
    while (this.#queue.length > 0) {
      const requests = this.#queue
      this.#queue = []
      try {
        let base = await this.#allocate(requests)
        for (const { count, resolve } of requests) {
          resolve(base)
          base += count
        }
      } catch (error) {
        for (const { reject } of requests) reject(error)
      }
    }
    this.#busy = false
  }

  async #allocate(requests: readonly Request[]): Promise<number> {
    const t = this.#tables
    const total = requests.reduce((sum, { count }) => sum + count, 0)
    const floors = requests.flatMap(({ floor }) => (floor === undefined ? [] : [`(${literal(floor)}, last_insert_id()-${total})`]))
    const statements = [
      'start transaction',
      `update ${t.counter} set last = last_insert_id(last + ${total}) where id = 1`,
      ...(floors.length === 0 ? [] : [`insert ignore into ${t.floors} (id, floor) values ${floors.join(',')}`]),
      'commit',
    ]
    for (let attempt = 1; ; attempt++) {
      try {
        // What an attempt took whose answer was lost is never used; its floors are the lower ones, so they may stay.
        const results = await this.#connections.with((lease) => lease.ask(statements), { attempts: 3 })
        return (results[1]?.insertId ?? 0) - total
      } catch (error) {
        if (attempt === 5 || !isContention(error)) throw schemaError(storageError(error, this.#connections.place, 'none'))
      }
    }
  }
}
