import { setTimeout as sleep } from 'node:timers/promises'
import type { UnitResult } from 'tutti/storage'
import type { Connections } from './connections.ts'
import { isContention, isLost, schemaError, storageError } from './failures.ts'
import { settled, type Lease, type StatementResult } from './lease.ts'
import { packets } from './packets.ts'
import { Plan, type PlainUnit } from './plan.ts'
import type { Tables } from './tables.ts'
import { documentStatements, eventStatements, streamStatements, Touched } from './write-statements.ts'

/** How often a group is tried that others' locks got in the way of. */
const attempts = 20

/**
 * Commits groups of units in two packets: one locks and reads what they touch, and one writes. The row of the counter is locked last and
 * until the commit, so groups become visible in the order of their positions.
 */
export class Committer {
  readonly #connections: Connections
  readonly #tables: Tables

  constructor(connections: Connections, tables: Tables) {
    this.#connections = connections
    this.#tables = tables
  }

  async commit(units: readonly PlainUnit[]): Promise<UnitResult[]> {
    const touched = new Touched(units)
    let lost = false
    for (let attempt = 1; ; attempt++) {
      const lease = await this.#connections.checkout()
      let broken = false
      try {
        return await this.#try(lease, touched, units)
      } catch (error) {
        broken = error instanceof NothingWritten || (await settled(lease, error))
        // A connection that was idle may have been lost long ago; nothing was written by then.
        const again = error instanceof NothingWritten && !lost
        lost ||= error instanceof NothingWritten
        const cause = error instanceof NothingWritten ? error.cause : error
        if (!again && (attempt === attempts || !isContention(cause)))
          throw schemaError(storageError(cause, this.#connections.place, error instanceof NothingWritten ? 'none' : 'unknown'))
      } finally {
        lease.release(broken)
      }
      if (attempt > 1) await sleep(Math.random() * Math.min(50, 2 ** attempt))
    }
  }

  async #try(lease: Lease, touched: Touched, units: readonly PlainUnit[]): Promise<UnitResult[]> {
    const t = this.#tables
    const found = touched.found(await this.#lock(lease, touched))
    const plan = new Plan(found, units)
    if (!plan.changes) {
      await lease.ask(['rollback'])
      return plan.results(0)
    }
    const count = plan.events
    const counter = `update ${t.counter} set last = last_insert_id(last + ${count}) where id = 1`
    const before = [...streamStatements(t, plan.streams, found.streams), ...documentStatements(t, plan.documents, found.documents)]
    const statements = count === 0 ? before : [...before, counter, ...eventStatements(t, plan, `last_insert_id()-${count}`)]
    let last = 0
    let sent = 0
    for (const packet of packets([...statements, 'commit'], this.#connections.packetSize)) {
      const results = await lease.ask(packet)
      const at = before.length - sent
      last = (count > 0 && results[at]?.insertId) || last
      sent += packet.length
    }
    return plan.results(last - count)
  }

  async #lock(lease: Lease, touched: Touched): Promise<readonly StatementResult[]> {
    try {
      const results: StatementResult[] = []
      for (const packet of packets(['start transaction', ...touched.lock(this.#tables)], this.#connections.packetSize))
        results.push(...(await lease.ask(packet)))
      return results.slice(1)
    } catch (error) {
      throw isLost(error) ? new NothingWritten(error) : error
    }
  }
}

/** The connection was lost before anything was written. */
class NothingWritten extends Error {
  constructor(cause: unknown) {
    super('The connection was lost before anything was written.', { cause })
  }
}
