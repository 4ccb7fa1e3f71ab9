import {
  StorageError,
  type DriverReader,
  type DriverSql,
  type DriverTransaction,
  type MigrationReport,
  type StorageCapabilities,
  type StorageDriver,
  type Unit,
  type UnitResult,
} from 'tutti/storage'
import { setTimeout as sleep } from 'node:timers/promises'
import { Committer } from './committer.ts'
import type { Connections } from './connections.ts'
import { schemaError, storageError } from './failures.ts'
import { migrate, type MigrateParts } from './migrate.ts'
import { tooLarge } from './packets.ts'
import { isPlain, type PlainUnit } from './plan.ts'
import { Positions } from './positions.ts'
import { Reads } from './reads.ts'
import { runStatement } from './sql.ts'
import { MysqlTransaction } from './transaction.ts'

/** What the driver works with. */
export interface DriverParts extends MigrateParts {
  /** Connections for commits and positions alone: transactions that wait for either can never keep them from it. */
  readonly writers: Connections
  readonly lanes: number
}

/** How often a unit is tried that the locks of others got in the way of. */
const attempts = 20

/** Events and documents in tables of a MySQL or MariaDB database. */
export class MysqlDriver implements StorageDriver {
  readonly kind = 'mysql'
  readonly capabilities: StorageCapabilities = { durable: true, shared: true, sql: true, wakesOthers: false, transactionalDdl: false }
  readonly lanes: number
  readonly reader: DriverReader
  readonly sql: DriverSql
  readonly #parts: DriverParts
  readonly #positions: Positions
  readonly #committer: Committer

  constructor(parts: DriverParts) {
    const { connections, writers, tables, lanes } = parts
    this.#parts = parts
    this.lanes = lanes
    this.#positions = new Positions(writers, tables)
    this.#committer = new Committer(writers, tables)
    const reads = new Reads({ tables, ask: (statements) => connections.read(statements), look: (floor) => this.#positions.look(floor) })
    this.reader = reads
    this.sql = {
      dialect: 'mysql',
      query: (text, values) => connections.with((lease) => runStatement(lease, { text, values, transaction: false }), { attempts: 1 }),
    }
  }

  async commit(units: readonly Unit[]): Promise<readonly UnitResult[]> {
    const results: UnitResult[] = []
    let group: PlainUnit[] = []
    const flush = async (): Promise<void> => {
      if (group.length === 0) return
      const units = group
      group = []
      results.push(...(await this.#committer.commit(units)))
    }
    try {
      for (const unit of units) {
        if (isPlain(unit)) group.push(unit)
        else {
          await flush()
          results.push(await this.#alone(unit))
        }
      }
      await flush()
    } catch (error) {
      if (units.length === 1) throw tooLarge(error)
      // The units before have been written; nobody could tell them apart from those that were not.
      if (results.length === 0) throw error
      throw partlyDone(error, this.#parts.connections.place)
    }
    return results
  }

  async begin(): Promise<DriverTransaction> {
    const { connections, tables } = this.#parts
    for (let attempt = 1; ; attempt++) {
      const lease = await connections.checkout()
      try {
        await lease.ask(['start transaction'])
        return new MysqlTransaction(lease, { connections, tables, positions: this.#positions })
      } catch (error) {
        // One that was lost while it was idle is replaced.
        lease.release(true)
        if (attempt === 3) throw storageError(error, connections.place, 'none')
      }
    }
  }

  migrate(options: { readonly dryRun: boolean }): Promise<MigrationReport> {
    return migrate(this.#parts, options)
  }

  async ping(): Promise<void> {
    await this.#parts.connections.read(['select 1'])
  }

  async close(): Promise<void> {
    await Promise.all([this.#parts.connections.end(), this.#parts.writers.end()])
  }

  /** Claims and what else has statements of its own: in a transaction each. */
  async #alone(unit: Unit): Promise<UnitResult> {
    for (let attempt = 1; ; attempt++) {
      const tx = await this.begin()
      try {
        const result = await tx.apply(unit)
        await (result.ok ? tx.commit() : tx.rollback())
        return result
      } catch (error) {
        await tx.rollback()
        if (attempt === attempts || !isContended(error)) throw schemaError(error)
        await sleep(Math.random() * Math.min(50, 2 ** attempt))
      }
    }
  }
}

function isContended(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'TUTTI_STORAGE_CONTENTION'
}

function partlyDone(error: unknown, place: string): StorageError {
  return new StorageError(
    'TUTTI_STORAGE_UNAVAILABLE',
    `The server at ${place} has committed some of the writes that went together, but not all. Whether this one took effect is not known: ask with the same key again.`,
    { status: 503, cause: error, details: { outcome: 'unknown' } },
  )
}
