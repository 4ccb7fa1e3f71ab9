import {
  StorageError,
  type DriverReader,
  type DriverStatement,
  type DriverTransaction,
  type DriverSql,
  type StatementsOutcome,
  type Unit,
  type UnitResult,
  type WriteResult,
} from 'tutti/storage'
import { isBatchWrite } from './batch-arguments.ts'
import { plainReader } from './batched-reader.ts'
import type { PoolClient } from './client.ts'
import { textQuery } from './connections.ts'
import { isContention, isStatementError, storageError, type Outcome } from './failures.ts'
import type { TextRow } from './rows.ts'
import { runSql, statementSender } from './sql.ts'
import { readyBatch, runBatch } from './statement-batch.ts'
import { isBatchUnit, positionsOf, writeInTransaction, writeOther, type BatchUnit } from './writes.ts'

/** What a transaction is made with. */
export interface TransactionParts {
  readonly schema: string
  /** The server without password. */
  readonly place: string
  /** Makes room for so many more events. */
  ensurePartitions(room: number): Promise<void>
  /** Called once, when the connection is no longer needed. */
  onEnd(): void
  /** Called when events were committed. */
  onAppended(): void
}

/** A transaction on a connection of its own. */
export class PostgresTransaction implements DriverTransaction {
  readonly sql: DriverSql
  readonly stream: DriverReader['stream']
  readonly all: DriverReader['all']
  readonly streamState: DriverReader['streamState']
  readonly streams: DriverReader['streams']
  readonly head: DriverReader['head']
  readonly documents: DriverReader['documents']
  readonly list: DriverReader['list']
  readonly count: DriverReader['count']
  readonly #client: PoolClient
  readonly #parts: TransactionParts
  /** Whether it holds the lock below its first position: one is enough, however much it appends. */
  #floored = false
  #appended = false
  #ended = false

  constructor(client: PoolClient, parts: TransactionParts) {
    this.#client = client
    this.#parts = parts
    const reader = plainReader(parts.schema, (text, values) => this.#ask(text, values))
    this.stream = reader.stream
    this.all = reader.all
    this.streamState = reader.streamState
    this.streams = reader.streams
    this.head = reader.head
    this.documents = reader.documents
    this.list = reader.list
    this.count = reader.count
    this.sql = {
      dialect: 'postgres',
      query: async (text, values) => {
        const send = await statementSender()
        const sent = send({ text, values })
        return this.#on(() => runSql(client, text, sent), { own: false })
      },
      queryAll: (statements) => this.queryAll(statements),
    }
    // Goes out together with the first statement; if it fails, that one fails as well.
    client.query('begin isolation level read committed').catch(() => undefined)
  }

  async apply(unit: Unit): Promise<UnitResult> {
    if (isBatchUnit(unit)) {
      const result = await this.#write(unit)
      if (result.ok && unit.writes.some(({ kind }) => kind === 'append')) this.#floored = this.#appended = true
      return result
    }
    const [write] = unit.writes
    if (unit.writes.length === 1 && write !== undefined && !isBatchWrite(write))
      return { ok: true, results: [await writeOther(this.#parts.schema, write, (text, values) => this.#ask(text, values))] }
    return this.#applyEach(unit)
  }

  async savepoint(name: string): Promise<void> {
    await this.#ask(`savepoint ${name}`)
  }

  async rollbackTo(name: string): Promise<void> {
    await this.#ask(`rollback to savepoint ${name}`)
    // Locks that were taken behind the savepoint are gone.
    this.#floored = false
  }

  async release(name: string): Promise<void> {
    await this.#ask(`release savepoint ${name}`)
  }

  async commit(): Promise<void> {
    const { command } = await this.#on(() => this.#client.query('commit'), { outcome: 'unknown' })
    this.#end(false)
    if (command !== 'COMMIT')
      throw new StorageError(
        'TUTTI_TRANSACTION_FAILED',
        'A statement of the transaction had failed, so PostgreSQL rolled it back instead of committing it. Let the error of the statement pass, or put the statement into a nested transaction.',
        { details: { outcome: 'none' } },
      )
    if (this.#appended) this.#parts.onAppended()
  }

  async rollback(): Promise<void> {
    if (this.#ended) return
    try {
      await this.#client.query('rollback')
      this.#end(false)
    } catch {
      // Without its connection the server rolls it back.
      this.#end(true)
    }
  }

  /** Runs statements of the user. */
  async queryAll(statements: readonly DriverStatement[]): Promise<StatementsOutcome> {
    const { ready, failure: unsendable } = await readyBatch(statements)
    const { results, failure = unsendable, lost } = await runBatch(this.#client, ready)
    if (failure === undefined || (!lost && !isContention(failure.error))) return { results, failure }
    if (lost) this.#end(true)
    return { results, failure: { error: storageError(failure.error, this.#parts.place, 'none') } }
  }

  async #write(unit: BatchUnit): Promise<UnitResult> {
    for (let attempt = 1; attempt <= 10; attempt++) {
      const given = { schema: this.#parts.schema, floor: !this.#floored }
      const result = await writeInTransaction(given, unit, (text, values) => this.#ask(text, values))
      if (result !== undefined) return result
      await this.#parts.ensurePartitions(positionsOf([unit]))
    }
    throw new StorageError(
      'TUTTI_STORAGE_CONTENTION',
      'Other writers used up the partitions of the events faster than they could be made. Do it again.',
      {
        status: 503,
        details: { outcome: 'none' },
      },
    )
  }

  async #applyEach({ writes }: Unit): Promise<UnitResult> {
    const name = 'tutti_unit'
    await this.savepoint(name)
    const results: WriteResult[] = []
    for (const [i, write] of writes.entries()) {
      const result = await this.apply({ writes: [write] })
      if (!result.ok) {
        await this.rollbackTo(name)
        return { ok: false, conflict: { ...result.conflict, write: i } }
      }
      results.push(...result.results)
    }
    await this.release(name)
    return { ok: true, results }
  }

  async #ask(text: string, values: readonly unknown[] = []): Promise<readonly TextRow[]> {
    const { rows } = await this.#on(() => this.#client.query<string[]>(textQuery(text, values)))
    return rows
  }

  /** Without its connection a transaction is over, and the server rolls it back unless it was committing. */
  async #on<T>(
    work: () => Promise<T>,
    { outcome = 'none', own = true }: { readonly outcome?: Outcome; readonly own?: boolean } = {},
  ): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isStatementError(error)) this.#end(true)
      // An error of the user's own statement is the user's to read, unless others are the cause of it.
      throw own || !isStatementError(error) || isContention(error) ? storageError(error, this.#parts.place, outcome) : error
    }
  }

  #end(broken: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#client.release(broken)
    this.#parts.onEnd()
  }
}
