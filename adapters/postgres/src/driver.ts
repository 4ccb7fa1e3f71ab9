import { setTimeout as sleep } from 'node:timers/promises'
import {
  StorageError,
  type DriverReader,
  type DriverSql,
  type DriverStatement,
  type MigrationReport,
  type SqlResult,
  type StatementsOutcome,
  type StorageCapabilities,
  type StorageDriver,
  type Unit,
  type UnitResult,
} from 'tutti/storage'
import { batchedReader } from './batched-reader.ts'
import type { Connections } from './connections.ts'
import { isContention, isLockTimeout, isPartitionMissing, isStatementError, storageError } from './failures.ts'
import { migrate } from './migrations.ts'
import { Partitions } from './partitions.ts'
import type { SchemaOptions } from './schema/steps.ts'
import { runSql, statementSender } from './sql.ts'
import { mostTogether, readyBatch, runBatch } from './statement-batch.ts'
import { PostgresTransaction } from './transaction.ts'
import type { WakeUps } from './wake-ups.ts'
import { isBatchWrite } from './batch-arguments.ts'
import type { Ask } from './reads.ts'
import { segmentsOf, type Segment, type SharedSegment } from './segments.ts'
import { WaitingWrites } from './waiting-writes.ts'
import { positionsOf, writeOther, writeShared, type BatchUnit } from './writes.ts'

/** What the driver is made with. */
export interface DriverParts {
  /** For reads and writes that end soon. */
  readonly connections: Connections
  /** For transactions and the user's own SQL; may be the same. */
  readonly sessions: Connections
  readonly schema: SchemaOptions
  readonly lanes: number
  readonly wakeUps: WakeUps | undefined
}

/** A batch that lost against other writers is done again this often. */
const attempts = 10

/** Tutti's storage on PostgreSQL. */
export class PostgresDriver implements StorageDriver {
  readonly kind = 'postgres'
  readonly capabilities: StorageCapabilities
  readonly lanes: number
  readonly reader: DriverReader
  readonly sql: DriverSql
  readonly partitions: Partitions
  readonly #connections: Connections
  readonly #sessions: Connections
  readonly #schema: SchemaOptions
  readonly #wakeUps: WakeUps | undefined
  readonly #waiting: WaitingWrites

  constructor({ connections, sessions, schema, lanes, wakeUps }: DriverParts) {
    this.lanes = lanes
    this.capabilities = { durable: true, shared: true, sql: true, wakesOthers: wakeUps !== undefined }
    this.#connections = connections
    this.#sessions = sessions
    this.#schema = schema
    this.#wakeUps = wakeUps
    this.#waiting = new WaitingWrites({ write: (units) => this.#writeWaiting(units), timeout: connections.statementTimeout })
    this.partitions = new Partitions(connections, schema)
    const reader = batchedReader(schema.schema, (text, values) => connections.read(text, values), 2)
    this.reader = {
      ...reader,
      all: (page) => {
        wakeUps?.listen()
        return reader.all(page)
      },
    }
    this.sql = {
      dialect: 'postgres',
      query: (text, values) => this.#runSql(text, values),
      queryAll: (statements) => this.#runAll(statements),
    }
  }

  async commit(units: readonly Unit[]): Promise<readonly (UnitResult | Promise<UnitResult>)[]> {
    const results: (UnitResult | Promise<UnitResult>)[] = []
    let written = false
    for (const segment of segmentsOf(units)) {
      try {
        for (const [i, result] of await this.#part(segment)) results[i] = result
        written = true
      } catch (error) {
        // What earlier statements of this commit wrote stays written.
        const failure = storageError(error, this.#connections.place, written ? 'unknown' : 'none')
        if (!written || failure instanceof StorageError) throw failure
        throw new StorageError('TUTTI_STORAGE_FAILED', 'A part of a commit was refused after another part had been written.', {
          cause: failure,
          details: { outcome: 'unknown' },
        })
      }
    }
    return results
  }

  async begin(): Promise<PostgresTransaction> {
    const client = await this.#sessions.checkout()
    return new PostgresTransaction(client, {
      schema: this.#schema.schema,
      place: this.#connections.place,
      ensurePartitions: (room) => this.partitions.ensure(room),
      onEnd: () => undefined,
      onAppended: () => this.#wakeUps?.appended(),
    })
  }

  onWake(listener: () => void): void {
    this.#wakeUps?.onWake(listener)
  }

  migrate({ dryRun }: { readonly dryRun: boolean }): Promise<MigrationReport> {
    return migrate(this.#connections, this.#schema, dryRun)
  }

  async ping(): Promise<void> {
    await this.#connections.read('select 1')
  }

  async close(): Promise<void> {
    await this.#waiting.settled()
    await this.#wakeUps?.close()
    await this.partitions.settled()
    await this.#connections.end()
    if (this.#sessions !== this.#connections) await this.#sessions.end()
  }

  /** Does a part of a commit, but for the units whose rows are locked by a long transaction: their results come later. */
  async #part(segment: Segment): Promise<[number, UnitResult | Promise<UnitResult>][]> {
    if (segment.kind === 'lone') return this.#again(segment)
    const { batch, claims } = segment
    const later: [number, Promise<UnitResult>][] = []
    const wait = (i: number): void => {
      const result = this.#waiting.add(batch.units[i] as BatchUnit)
      // Should the rest of the commit fail, nobody asks for it.
      result.catch(() => undefined)
      later.push([batch.at[i] as number, result])
    }
    const now: SharedSegment = { kind: 'shared', batch: { at: [], units: [] }, claims }
    for (const [i, unit] of batch.units.entries()) {
      if (this.#waiting.holds(unit)) wait(i)
      else {
        now.batch.at.push(batch.at[i] as number)
        now.batch.units.push(unit)
      }
    }
    if (now.batch.units.length === 0 && claims.length === 0) return later
    try {
      return [...(await this.#again(now)), ...later]
    } catch (error) {
      // Nothing of it was written, and the caller may part it to find the unit that is wrong; but not where some wait already.
      if (!isLockTimeout(error) && later.length === 0) throw error
      for (const [i, at] of batch.at.entries()) {
        if (!now.batch.at.includes(at)) continue
        if (isStatementError(error)) wait(i)
        else later.push([at, rejected(storageError(error, this.#connections.place, 'none'))])
      }
      return [...later, ...this.#claimApart(claims)]
    }
  }

  /** Claims whose results come later. */
  #claimApart(claims: SharedSegment['claims']): [number, Promise<UnitResult>][] {
    return claims.map((claim) => {
      const result = this.#again({ kind: 'shared', batch: { at: [], units: [] }, claims: [claim] }).then(
        ([found]) => (found as [number, UnitResult])[1],
        (error: unknown) => rejected(storageError(error, this.#connections.place, 'none')),
      )
      result.catch(() => undefined)
      return [claim.at, result]
    })
  }

  /** Writes, and does so again where that lost against other writers. */
  async #again(segment: Segment): Promise<[number, UnitResult][]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const results = await this.#write(segment)
        this.#noticeAppends(results)
        return results
      } catch (error) {
        if (attempt === attempts || !(isContention(error) || isPartitionMissing(error))) throw error
        if (isPartitionMissing(error))
          await this.partitions.ensure(segment.kind === 'lone' ? positionsOf([segment.unit]) : positionsOf(segment.batch.units))
        else if (attempt > 2) await sleep(Math.random() * 2 ** attempt)
      }
    }
  }

  async #writeWaiting(units: readonly BatchUnit[]): Promise<readonly UnitResult[]> {
    try {
      const results = await this.#again({ kind: 'shared', batch: { at: units.map((_, i) => i), units: [...units] }, claims: [] })
      return results.map(([, result]) => result)
    } catch (error) {
      throw isLockTimeout(error) ? error : storageError(error, this.#connections.place, 'none')
    }
  }

  async #write(segment: Segment): Promise<[number, UnitResult][]> {
    const { schema } = this.#schema
    const ask: Ask = (text, values = []) => this.#connections.write(text, values)
    if (segment.kind === 'shared') return writeShared(schema, segment, ask)
    const { at, unit } = segment
    const [write] = unit.writes
    if (unit.writes.length === 1 && write !== undefined && !isBatchWrite(write))
      return [[at, { ok: true, results: [await writeOther(schema, write, ask)] }]]
    const tx = await this.begin()
    try {
      const result = await tx.apply(unit)
      await (result.ok ? tx.commit() : tx.rollback())
      return [[at, result]]
    } catch (error) {
      await tx.rollback()
      throw error
    }
  }

  #noticeAppends(results: readonly [number, UnitResult][]): void {
    let position = 0
    for (const [, result] of results) {
      if (result.ok) for (const one of result.results) if (one.kind === 'append' && one.position > position) position = one.position
    }
    if (position === 0) return
    this.partitions.notice(position)
    this.#wakeUps?.appended()
  }

  async #runSql(text: string, values: readonly unknown[]): Promise<SqlResult> {
    const send = await statementSender()
    const sent = send({ text, values })
    const client = await this.#sessions.checkout()
    try {
      const result = await runSql(client, text, sent)
      client.release()
      return result
    } catch (error) {
      client.release(!isStatementError(error))
      throw isStatementError(error) ? error : storageError(error, this.#connections.place, 'unknown')
    }
  }

  /** As many as fit into one round trip are a transaction by themselves: the server commits where it is asked for the end of the answers. */
  async #runAll(statements: readonly DriverStatement[]): Promise<StatementsOutcome> {
    const { ready, failure: unsendable } = await readyBatch(statements)
    if (ready.length > mostTogether || unsendable !== undefined) return this.#runInTransaction(statements)
    const client = await this.#sessions.checkout()
    const { results, failure, refused, lost } = await runBatch(client, ready)
    client.release(lost)
    if (failure === undefined || (refused && !isContention(failure.error))) return { results, failure }
    return { results, failure: { error: storageError(failure.error, this.#connections.place, refused ? 'none' : 'unknown') } }
  }

  async #runInTransaction(statements: readonly DriverStatement[]): Promise<StatementsOutcome> {
    const tx = await this.begin()
    const outcome = await tx.queryAll(statements)
    await (outcome.failure === undefined ? tx.commit() : tx.rollback())
    return outcome
  }
}

/** A rejection that nobody has to ask for. */
function rejected(error: unknown): Promise<never> {
  const result = Promise.reject<never>(error)
  result.catch(() => undefined)
  return result
}
