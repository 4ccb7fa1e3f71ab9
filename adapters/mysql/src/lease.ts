import type { PoolConnection } from './client.ts'
import { isLost } from './failures.ts'

/** What a cell of a row is. */
export type Cell = string | number | null

/** A row as the server sends it: cells in the order of the columns. */
export type Row = readonly Cell[]

/** What a statement of a packet gave: rows, or what was changed. */
export interface StatementResult {
  readonly rows: readonly Row[]
  readonly changes: number
  /** What `last_insert_id(…)` was set to. */
  readonly insertId: number
}

/** What a statement of a user gave. */
export interface UserResult {
  readonly rows: Record<string, unknown>[]
  readonly changes: number
  /** Whether a transaction is going on behind it; `undefined` where the server did not say. */
  readonly inTransaction: boolean | undefined
}

interface Header {
  readonly affectedRows: number
  readonly insertId: number
  readonly serverStatus: number
}

const nothing: readonly Row[] = []
const inTransaction = 1

/** Runs statements in one packet; each sees what those before it did. Rejects at the first one that fails, and those behind it do not run. */
export type Ask = (statements: readonly string[]) => Promise<readonly StatementResult[]>

/** A connection that is out of the pool. */
export class Lease {
  readonly #connection: PoolConnection
  readonly #timeout: number
  readonly #end: (broken: boolean) => void
  #over = false

  constructor(connection: PoolConnection, timeout: number, end: (broken: boolean) => void) {
    this.#connection = connection
    this.#timeout = timeout
    this.#end = end
  }

  readonly ask: Ask = async (statements) => {
    const [result, fields] = await this.#connection.query({ sql: statements.join(';\n'), rowsAsArray: true, timeout: this.#timeout })
    if (statements.length > 1 && !isComplete(fields, statements.length)) throw new CutOffError()
    // The library says what it gives by the number of statements, which its types cannot tell.
    const all = (statements.length === 1 ? [result] : result) as unknown as readonly (Header | readonly Row[])[]
    return all.map((one) =>
      isRows(one) ? { rows: one, changes: 0, insertId: 0 } : { rows: nothing, changes: one.affectedRows, insertId: one.insertId },
    )
  }

  /** Runs a statement of a user: prepared, so values travel apart from the text and there is only one. */
  async execute(text: string, values: readonly unknown[]): Promise<UserResult> {
    const [result] = await this.#connection.execute({ sql: text, timeout: this.#timeout }, values as never)
    return userResult(result)
  }

  /** Runs a statement without values as text: for the few that cannot be prepared. */
  async run(text: string): Promise<UserResult> {
    const [result] = await this.#connection.query({ sql: text, timeout: this.#timeout })
    return userResult(result)
  }

  /** Gives the connection back, or ends it where its state is not known. */
  release(broken = false): void {
    if (this.#over) return
    this.#over = true
    this.#end(broken)
  }
}

function userResult(result: unknown): UserResult {
  if (Array.isArray(result)) return { rows: result as Record<string, unknown>[], changes: 0, inTransaction: undefined }
  const { affectedRows, serverStatus } = result as Header
  return { rows: [], changes: affectedRows, inTransaction: (serverStatus & inTransaction) !== 0 }
}

/** Fewer answers than statements: nobody knows what became of the rest, so it is no success. */
class CutOffError extends Error {
  readonly code = 'PROTOCOL_CONNECTION_LOST'
  readonly fatal = true

  constructor() {
    super('not every statement was answered')
  }
}

/** Whether there is an answer to each statement: the columns of its rows, or nothing where it gave none. */
function isComplete(fields: unknown, count: number): boolean {
  return Array.isArray(fields) && fields.length === count && fields.every((one) => one === undefined || Array.isArray(one))
}

function isRows(result: Header | readonly Row[]): result is readonly Row[] {
  return Array.isArray(result)
}

/** Rolls back what is left of work that failed; resolves with whether the connection is of no use any more. */
export async function settled(lease: Lease, error: unknown): Promise<boolean> {
  if (isLost(error)) return true
  return lease.ask(['rollback']).then(
    () => false,
    () => true,
  )
}
