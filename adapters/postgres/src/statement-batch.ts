import type { DriverStatement, SqlResult, StatementsOutcome } from 'tutti/storage'
import { converse, type Connection, type Exchange, type PoolClient, type SentValue } from './client.ts'
import { isStatementError } from './failures.ts'
import { readerOf, statementSender } from './sql.ts'

/** How many statements share a round trip: more do not make it faster, but keep others waiting. */
export const mostTogether = 1_000

/** How many statements are sent before the next ones are written. */
const atOnce = 50

/** How many texts are prepared at a time; others are parsed each time. */
const mostNames = 50

/** A statement with its values as they are sent. */
export interface ReadyStatement {
  readonly text: string
  readonly values: SentValue[]
}

/** Statements as they are sent, up to the first that cannot be. */
export interface ReadyBatch {
  readonly ready: readonly ReadyStatement[]
  readonly failure?: { readonly error: unknown }
}

/** Makes statements of the user ready to be sent. */
export async function readyBatch(statements: readonly DriverStatement[]): Promise<ReadyBatch> {
  const send = await statementSender()
  const ready: ReadyStatement[] = []
  for (const statement of statements) {
    try {
      ready.push({ text: statement.text, values: send(statement) })
    } catch (error) {
      return { ready, failure: { error } }
    }
  }
  return { ready }
}

/** What a batch did. */
export interface BatchOutcome extends StatementsOutcome {
  /** Whether the server refused a statement and did not run those behind it; else nobody knows what became of it. */
  readonly refused: boolean
  /** Whether the connection is of no use any more. */
  readonly lost: boolean
}

/** Runs statements, a thousand in one round trip, which may take as long as one statement. */
export async function runBatch(client: PoolClient, ready: readonly ReadyStatement[]): Promise<BatchOutcome> {
  const results: SqlResult[] = []
  for (let from = 0; from < ready.length; from += mostTogether) {
    const batch = new StatementBatch(client, ready.slice(from, from + mostTogether))
    const error = await batch.run()
    results.push(...batch.results)
    const refused = isStatementError(error)
    if (error !== undefined) return { results, failure: { error }, refused, lost: !refused }
    if (batch.unreadable !== undefined) return { results, failure: batch.unreadable, refused: false, lost: false }
  }
  return { results, refused: false, lost: false }
}

interface Column {
  readonly name: string
  readonly read: (text: string) => unknown
}

/**
 * Statements that go out together and are answered together. Each text is parsed once; the names under which the server knows them meanwhile
 * end with the batch, so a pooler may give the server's connection to somebody else behind the transaction.
 */
class StatementBatch {
  readonly results: SqlResult[] = []
  readonly #client: PoolClient
  readonly #statements: readonly ReadyStatement[]
  /** By the text of the statement. */
  readonly #columns = new Map<string, readonly Column[]>()
  #rows: Record<string, unknown>[] = []
  #unreadable: { readonly error: unknown } | undefined

  constructor(client: PoolClient, statements: readonly ReadyStatement[]) {
    this.#client = client
    this.#statements = statements
  }

  /** Why the answer to the statement behind the last result could not be read. */
  get unreadable(): { readonly error: unknown } | undefined {
    return this.#unreadable
  }

  /** Resolves with the error of the server or the connection; `undefined` where there was none. */
  run(): Promise<Error | undefined> {
    const exchange: Exchange = {
      submit: (connection) => this.#submit(connection),
      handleRowDescription: ({ fields }) => {
        const columns = fields.map(({ name, dataTypeID }) => ({ name, read: readerOf(this.#client, dataTypeID) }))
        this.#columns.set(this.#text, columns)
      },
      handleDataRow: ({ fields }) => this.#read(fields),
      handleCommandComplete: ({ text }) => this.#complete(text),
      handleEmptyQuery: () => this.#complete(''),
      handleCopyInResponse: ({ stream }) => void stream.destroy(new Error('there is nothing to copy from in a batch')),
    }
    return converse(this.#client, exchange)
  }

  #submit(connection: Connection): void {
    connection.stream.cork()
    try {
      const names = namesOf(this.#statements)
      const parsed = new Set<string>()
      for (const [nth, { text, values }] of this.#statements.entries()) {
        // The server begins with the first ones while the others are being written.
        if (nth % atOnce === atOnce - 1) {
          connection.stream.uncork()
          connection.stream.cork()
        }
        const statement = names.get(text) ?? ''
        if (statement === '' || !parsed.has(text)) parse(connection, statement, text)
        parsed.add(text)
        connection.bind({ statement, values }, true)
        connection.execute(null, true)
      }
      for (const name of names.values()) connection.close({ type: 'S', name }, true)
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
  }

  /** The text of the statement that is being answered. */
  get #text(): string {
    return this.#statements[this.results.length]?.text ?? ''
  }

  #read(values: readonly (string | null)[]): void {
    if (this.#unreadable !== undefined) return
    const columns = this.#columns.get(this.#text) ?? []
    try {
      this.#rows.push(Object.fromEntries(columns.map(({ name, read }, i) => [name, cell(values[i], read)])))
    } catch (error) {
      this.#unreadable = { error }
    }
  }

  #complete(tag: string): void {
    if (this.#unreadable !== undefined) return
    this.results.push({ rows: this.#rows, changes: changesOf(tag) })
    this.#rows = []
  }
}

/** Names for the texts that come more than once. */
function namesOf(statements: readonly ReadyStatement[]): ReadonlyMap<string, string> {
  const seen = new Set<string>()
  const names = new Map<string, string>()
  for (const { text } of statements) {
    if (seen.has(text) && names.size < mostNames && !names.has(text)) names.set(text, `tutti_${names.size + 1}`)
    seen.add(text)
  }
  return names
}

/** Has a text parsed and its columns told. A batch that failed has left its names behind, and nobody minds closing one that is not there. */
function parse(connection: Connection, name: string, text: string): void {
  if (name !== '') connection.close({ type: 'S', name }, true)
  connection.parse({ name, text, types: [] }, true)
  connection.describe({ type: 'S', name }, true)
}

function cell(text: string | null | undefined, read: (text: string) => unknown): unknown {
  return text === null || text === undefined ? null : read(text)
}

/** How many rows were changed, of what the server says, such as `INSERT 0 1`. */
function changesOf(tag: string): number {
  if (tag.startsWith('SELECT')) return 0
  const count = Number(tag.slice(tag.lastIndexOf(' ') + 1))
  return Number.isInteger(count) ? count : 0
}
