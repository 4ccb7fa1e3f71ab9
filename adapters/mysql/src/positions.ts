import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connections } from './connections.ts'
import { isContention, schemaError, storageError } from './failures.ts'
import type { Lease } from './lease.ts'
import { literal, literals } from './literals.ts'
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
  /** Since when floors are known that were there while one was removed: a process that dies may leave many. */
  #known: ReadonlyMap<string, number> = new Map()

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

  /** Removes the lowest floor, and others as old, where the process that made it is gone: its transaction then holds no lock of it. */
  async look(floor: string | undefined): Promise<void> {
    if (floor === undefined || this.#seen?.floor !== floor) {
      this.#seen = floor === undefined ? undefined : { floor, since: performance.now() }
      return
    }
    if (performance.now() - this.#seen.since < patience) return
    this.#seen = { floor, since: performance.now() }
    // Where that fails now, the next look tries again.
    await this.#sweep(floor).catch(() => undefined)
  }

  /** Removes the floor of a transaction whose connection was lost, as soon as the server has noticed; later looks do it where that takes long. */
  async abandon(floor: string | undefined): Promise<void> {
    if (floor === undefined) return
    const until = performance.now() + patience
    for (let wait = 1; performance.now() < until; wait *= 2) {
      const gone = await this.#removeUnlocked([floor]).catch(() => false)
      if (gone) return
      await sleep(wait)
    }
  }

  async #sweep(lowest: string): Promise<void> {
    const floors = await this.#connections.with((lease) => this.#list(lease), { attempts: 2 })
    const now = performance.now()
    const known = new Map(floors.map((floor) => [floor, this.#known.get(floor) ?? now]))
    this.#known = known
    await this.#removeUnlocked(floors.filter((floor) => floor === lowest || now - (known.get(floor) ?? now) >= patience))
  }

  async #list(lease: Lease): Promise<string[]> {
    const [found] = await lease.ask([`select id from ${this.#tables.floors}`])
    return (found?.rows ?? []).map(([id]) => String(id))
  }

  /** Resolves with whether the floors are gone: not where transactions hold their locks. */
  #removeUnlocked(floors: readonly string[]): Promise<boolean> {
    if (floors.length === 0) return Promise.resolve(true)
    const among = (ids: readonly string[]): string => `from ${this.#tables.floors} where id in (${literals(ids)})`
    return this.#connections.with(
      async (lease) => {
        const [, found] = await lease.ask(['start transaction', `select id ${among(floors)} for update skip locked`])
        const free = (found?.rows ?? []).map(([id]) => String(id))
        await lease.ask([...(free.length === 0 ? [] : [`delete ${among(free)}`]), 'commit'])
        // What is locked can be read nevertheless.
        const left = new Set(await this.#list(lease))
        return floors.every((floor) => !left.has(floor))
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
