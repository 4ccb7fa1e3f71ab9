import {
  StorageError,
  type DriverReader,
  type DriverTransaction,
  type DriverSql,
  type SqlResult,
  type Unit,
  type UnitResult,
  type Write,
  type WriteResult,
} from 'tutti/storage'
import type { Connections } from './connections.ts'
import { endsTransaction, isLost, isStatementError, schemaError, storageError } from './failures.ts'
import type { Ask, Lease, StatementResult } from './lease.ts'
import { writeOther } from './other-writes.ts'
import { packets, tooLarge } from './packets.ts'
import { isPlain, Plan, type PlainUnit, type PlainWrite } from './plan.ts'
import type { Positions } from './positions.ts'
import { Reads } from './reads.ts'
import { runStatement } from './sql.ts'
import type { Tables } from './tables.ts'
import { documentStatements, eventStatements, streamStatements, Touched } from './write-statements.ts'
import { literals } from './literals.ts'

/** What transactions work with. */
export interface TransactionParts {
  readonly connections: Connections
  readonly tables: Tables
  readonly positions: Positions
}

/** A transaction over several calls. Its positions come from `Positions`, so that it holds up nobody who writes to other streams. */
export class MysqlTransaction implements DriverTransaction {
  readonly sql: DriverSql
  readonly stream: DriverReader['stream']
  readonly all: DriverReader['all']
  readonly streamState: DriverReader['streamState']
  readonly streams: DriverReader['streams']
  readonly head: DriverReader['head']
  readonly documents: DriverReader['documents']
  readonly list: DriverReader['list']
  readonly count: DriverReader['count']
  readonly #lease: Lease
  readonly #parts: TransactionParts
  /** The floor below which none of its positions lies. */
  #floor: string | undefined
  /** Why it can only be rolled back. */
  #failure: { readonly reason: unknown } | undefined

  constructor(lease: Lease, parts: TransactionParts) {
    this.#lease = lease
    this.#parts = parts
    const { tables, positions } = parts
    const reads = new Reads({ tables, ask: this.#ask, look: (floor) => positions.look(floor), ownFloor: () => this.#floor })
    this.stream = (stream, page) => reads.stream(stream, page)
    this.all = (page) => reads.all(page)
    this.streamState = (stream) => reads.streamState(stream)
    this.streams = (query) => reads.streams(query)
    this.head = () => reads.head()
    this.documents = (keys) => reads.documents(keys)
    this.list = (query) => reads.list(query)
    this.count = (prefix) => reads.count(prefix)
    this.sql = { dialect: 'mysql', query: (text, values) => this.#user(text, values) }
  }

  async apply(unit: Unit): Promise<UnitResult> {
    if (isPlain(unit)) return this.#write(unit)
    // Writes with statements of their own cannot conflict, so only what stands between them has to be taken back.
    await this.savepoint('tutti_unit')
    const results: WriteResult[] = []
    for (const [i, write] of unit.writes.entries()) {
      const result = await this.#writeOne(write)
      if (!result.ok) {
        await this.rollbackTo('tutti_unit')
        return { ok: false, conflict: { ...result.conflict, write: i } }
      }
      results.push(...result.results)
    }
    await this.release('tutti_unit')
    return { ok: true, results }
  }

  async savepoint(name: string): Promise<void> {
    await this.#ask([`savepoint ${name}`])
  }

  async rollbackTo(name: string): Promise<void> {
    await this.#ask([`rollback to savepoint ${name}`])
  }

  async release(name: string): Promise<void> {
    await this.#ask([`release savepoint ${name}`])
  }

  async commit(): Promise<void> {
    if (this.#failure !== undefined) {
      await this.rollback()
      throw this.#failure.reason
    }
    const { positions, connections } = this.#parts
    try {
      await this.#lease.ask([...(this.#floor === undefined ? [] : [positions.deleteFloor(this.#floor)]), 'commit'])
      this.#lease.release()
    } catch (error) {
      this.#lease.release(true)
      await positions.abandon(this.#floor)
      throw storageError(error, connections.place, isLost(error) ? 'unknown' : 'none')
    }
  }

  async rollback(): Promise<void> {
    try {
      await this.#lease.ask(['rollback', ...(this.#floor === undefined ? [] : [this.#parts.positions.deleteFloor(this.#floor)])])
      this.#lease.release()
    } catch {
      // The server rolls back what a lost connection leaves.
      this.#lease.release(true)
      await this.#parts.positions.abandon(this.#floor)
    }
  }

  async #writeOne(write: Write): Promise<UnitResult> {
    if (isPlainWrite(write)) return this.#write({ writes: [write] })
    return { ok: true, results: [await writeOther(this.#parts.tables, write, this.#ask)] }
  }

  async #write(unit: PlainUnit): Promise<UnitResult> {
    const { tables } = this.#parts
    const touched = new Touched([unit])
    const lock = touched.lock(tables)
    let found = touched.found(await this.#ask(lock))
    let plan = new Plan(found, [unit])
    if (!plan.changes) return plan.results(0)[0] as UnitResult
    const missing = await this.#create(plan, found)
    if (missing !== undefined) {
      found = touched.found(await this.#ask(lock))
      plan = new Plan(found, [unit])
      if (!plan.changes) {
        if (missing.length > 0) await this.#ask([`delete from ${tables.documents} where doc_key in (${literals(missing)}) and version = 0`])
        return plan.results(0)[0] as UnitResult
      }
    }
    const base = plan.events === 0 ? 0 : await this.#positions(plan.events)
    await this.#ask([
      ...streamStatements(tables, plan.streams, found.streams),
      ...documentStatements(tables, plan.documents, found.documents),
      ...(plan.events === 0 ? [] : eventStatements(tables, plan, String(base))),
    ])
    return plan.results(base)[0] as UnitResult
  }

  /**
   * Creates the rows that are missing, without a version: whoever creates the same one waits for the other here, and neither fails. Resolves
   * with the documents among them; `undefined` where none was missing.
   */
  async #create(plan: Plan, found: ReturnType<Touched['found']>): Promise<string[] | undefined> {
    const { tables: t } = this.#parts
    const streams = [...plan.streams.keys()].filter((name) => !found.streams.has(name)).toSorted()
    const documents = [...plan.documents.keys()].filter((name) => !found.documents.has(name)).toSorted()
    if (streams.length + documents.length === 0) return undefined
    const statements: string[] = []
    if (streams.length > 0)
      statements.push(
        `insert into ${t.streams} (name, version) values ${streams.map((name) => `(${literals([name])},0)`).join(',')} on duplicate key update version = version`,
      )
    if (documents.length > 0) {
      const rows = documents.map((name) => `(${literals([name, name.slice(0, name.indexOf('/'))])},0,0,'null')`)
      statements.push(
        `insert into ${t.documents} (doc_key, collection, version, updated_at, value) values ${rows.join(',')} on duplicate key update version = version`,
      )
    }
    await this.#ask(statements)
    return documents
  }

  /** Takes positions once the rows of the streams are locked, so that they never go down within a stream. */
  async #positions(count: number): Promise<number> {
    const { positions, connections } = this.#parts
    const first = this.#floor === undefined
    const floor = (this.#floor ??= positions.newFloor())
    const base = await positions.take(count, first ? floor : undefined).catch((error: unknown) => {
      this.#failure ??= { reason: error }
      throw error
    })
    if (!first) return base
    const [held] = await this.#ask([positions.lockFloor(floor)])
    if (held?.rows.length === 1) return base
    const message = `The server at ${connections.place} was so slow that the transaction’s place in the order was given up. Do it again.`
    const reason = new StorageError('TUTTI_STORAGE_CONTENTION', message, { status: 503, details: { outcome: 'none' } })
    this.#failure = { reason }
    throw reason
  }

  readonly #ask: Ask = async (statements) => {
    const results: StatementResult[] = []
    for (const packet of this.#packets(statements)) results.push(...(await this.#guarded(() => this.#lease.ask(packet))))
    return results
  }

  #packets(statements: readonly string[]): string[][] {
    try {
      return packets(statements, this.#parts.connections.packetSize)
    } catch (error) {
      throw tooLarge(error)
    }
  }

  async #user(text: string, values: readonly unknown[]): Promise<SqlResult> {
    const result = await this.#guarded(() => runStatement(this.#lease, { text, values, transaction: true }), true)
    if (result.inTransaction === false) {
      const message = `A statement ended the transaction it was in, as those that define tables do: ${text.slice(0, 100)}. What was written before it is committed; run such statements outside.`
      const reason = new StorageError('TUTTI_TRANSACTION_FAILED', message, { details: { outcome: 'unknown' } })
      this.#failure = { reason }
      throw reason
    }
    return { rows: result.rows, changes: result.changes }
  }

  /** After an error that may have ended the transaction nothing more is sent: it would be committed on its own. */
  async #guarded<T>(work: () => Promise<T>, user = false): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.reason
    try {
      return await work()
    } catch (error) {
      const reason = schemaError(storageError(error, this.#parts.connections.place, 'none'))
      // What Tutti writes may be half done; the user knows what a failed statement of theirs did, which is nothing.
      if (!user || endsTransaction(error)) this.#failure = { reason }
      throw user && isStatementError(error) && !endsTransaction(error) ? error : reason
    }
  }
}

function isPlainWrite(write: Write): write is PlainWrite {
  return isPlain({ writes: [write] })
}
