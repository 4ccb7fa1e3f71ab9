import {
  readInSpans,
  type AllPage,
  type DocumentRow,
  type ListQuery,
  type NamedStream,
  type PositionSpan,
  type StatusCount,
  type StreamPage,
  type StreamsQuery,
  type StreamState,
} from 'tutti/storage'
import { schemaError } from './failures.ts'
import type { Ask, Row } from './lease.ts'
import { beginsWith, literal, literals } from './literals.ts'
import { documentColumns, documentOf, eventColumns, eventOf, streamStateOf, type EventRow } from './rows.ts'
import type { Tables } from './tables.ts'

/** What reads are made of. */
export interface ReadParts {
  readonly tables: Tables
  readonly ask: Ask
  /** Is told which floor holds readers back. */
  look(floor: string | undefined): Promise<void>
  /** The floor of the transaction that reads: what lies behind it is its own. */
  ownFloor?(): string | undefined
}

/** How many rows or positions a statement looks at where nothing else says it. */
const most = 1_000_000

/** The reads as statements. Each packet of them sees nothing that is not committed. */
export class Reads {
  readonly #t: Tables
  readonly #ask: Ask
  readonly #look: ReadParts['look']
  readonly #ownFloor: () => string | undefined
  /** No event will ever appear at or below it: known from an earlier look. */
  #safe = 0

  constructor({ tables, ask, look, ownFloor = () => undefined }: ReadParts) {
    this.#t = tables
    this.#look = look
    this.#ownFloor = ownFloor
    this.#ask = (statements) =>
      ask(statements).catch((error: unknown) => {
        throw schemaError(error)
      })
  }

  async stream(stream: string, { from, to, limit, backwards }: StreamPage): Promise<EventRow[]> {
    const [low, high] = backwards ? [to, from] : [from, to]
    const range = `e.stream = ${literal(stream)} and e.stream_version between ${literal(low)} and ${literal(high)}`
    const order = `order by e.stream_version ${backwards ? 'desc' : 'asc'} limit ${Math.min(limit, most)}`
    const [page] = await this.#ask([`select ${eventColumns} from ${this.#t.events} e where ${range} ${order}`])
    return (page?.rows ?? []).map(eventOf)
  }

  async head(): Promise<number> {
    const [row] = (await this.#ask([this.#boundText()]))[0]?.rows ?? []
    return this.#bound(row)
  }

  /**
   * Events up to the bound, which is read before them: what is at or below it is there by then. Far below an earlier bound nothing can change
   * any more.
   */
  async all(page: AllPage): Promise<{ readonly rows: readonly EventRow[]; readonly position: number }> {
    const { after, limit } = page
    if (page.backwards) {
      const head = await this.head()
      const rows = await this.#between(page, { after: 0, to: Math.min(after - 1, head), limit })
      return { rows, position: rows.at(-1)?.position ?? 0 }
    }
    const from = Math.max(after, this.#safe)
    const rows = await this.#between(page, { after, to: from, limit })
    if (rows.length === limit) return { rows, position: rows.at(-1)?.position ?? after }
    const to = from + most
    const upper = `(select least(c.last, coalesce((select min(f.floor) from ${this.#t.floors} f${this.#others()}), c.last)) from ${this.#t.counter} c where c.id = 1)`
    const [bound, found] = await this.#ask([
      this.#boundText(),
      this.#pageText({ ...page, limit: limit - rows.length }, `least(${literal(to)}, ${upper})`, from),
    ])
    const head = await this.#bound(bound?.rows[0])
    for (const row of found?.rows ?? []) rows.push(eventOf(row))
    for (const row of await this.#between(page, { after: to, to: head, limit: limit - rows.length })) rows.push(row)
    return { rows, position: Math.max(after, rows.length === limit ? 0 : head, rows.at(-1)?.position ?? 0) }
  }

  async streamState(stream: string): Promise<StreamState | undefined> {
    const [found] = await this.#ask([
      `select version, first, archived, tombstoned from ${this.#t.streams} where name = ${literal(stream)} and version > 0`,
    ])
    const row = found?.rows[0]
    return row && streamStateOf(row)
  }

  /** Streams in the order of their names, by the primary key. */
  async streams({ prefix, after, limit }: StreamsQuery): Promise<NamedStream[]> {
    const filters = ['version > 0']
    if (prefix !== '') filters.push(`name like ${beginsWith(prefix)} escape '|'`)
    if (after !== undefined) filters.push(`name > ${literal(after)}`)
    const [found] = await this.#ask([
      `select version, first, archived, tombstoned, name from ${this.#t.streams} where ${filters.join(' and ')} order by name limit ${Math.min(limit, most)}`,
    ])
    return (found?.rows ?? []).map((row) => ({ stream: String(row[4]), ...streamStateOf(row) }))
  }

  /** How many documents of a collection have which status. */
  async count(prefix: string): Promise<StatusCount[]> {
    const collection = literal(prefix.slice(0, prefix.indexOf('/')))
    const [found] = await this.#ask([
      `select status, count(*) from ${this.#t.documents} force index (documents_status) where collection = ${collection} and status is not null and doc_key like ${beginsWith(prefix)} escape '|' group by status`,
    ])
    return (found?.rows ?? []).map(([status, count]) => ({ status: String(status), count: Number(count) }))
  }

  async documents(keys: readonly string[]): Promise<(DocumentRow | undefined)[]> {
    const [found] = await this.#ask([`select ${documentColumns} from ${this.#t.documents} where doc_key in (${literals(new Set(keys))})`])
    const rows = new Map((found?.rows ?? []).map((row) => [row[0], documentOf(row)]))
    return keys.map((key) => rows.get(key))
  }

  async list({ prefix, status, tenant, dueBefore, after, backwards, limit }: ListQuery): Promise<DocumentRow[]> {
    const filters = [`doc_key like ${beginsWith(prefix)} escape '|'`]
    if (status !== undefined) filters.push(`status = ${literal(status)}`)
    if (tenant !== undefined) filters.push(`tenant = ${literal(tenant)}`)
    if (after !== undefined) filters.push(`doc_key ${backwards ? '<' : '>'} ${literal(after)}`)
    const index = indexOf({ status, tenant, dueBefore })
    if (index !== '') filters.push(`collection = ${literal(prefix.slice(0, prefix.indexOf('/')))}`)
    if (dueBefore !== undefined) filters.push(`due <= ${literal(dueBefore)}`)
    const order = dueBefore === undefined ? (backwards ? 'doc_key desc' : 'doc_key') : 'due, doc_key'
    const text = `select ${documentColumns} from ${this.#t.documents} ${index} where ${filters.join(' and ')} order by ${order} limit ${Math.min(limit, most)}`
    const [found] = await this.#ask([text])
    return (found?.rows ?? []).map(documentOf)
  }

  #between(page: AllPage, span: PositionSpan): Promise<EventRow[]> {
    return readInSpans({ ...span, backwards: page.backwards }, async ({ after, to, limit }) => {
      const [found] = await this.#ask([this.#pageText({ ...page, limit }, literal(to), after)])
      return (found?.rows ?? []).map(eventOf)
    })
  }

  #pageText({ limit, backwards, types, streams, tenant, archived }: AllPage, upper: string, after: number): string {
    const filters = [`e.position > ${literal(after)}`, `e.position <= ${upper}`]
    if (types !== undefined) filters.push(types.length === 0 ? 'false' : `e.type in (${literals(types)})`)
    if (streams !== undefined) {
      const prefixes = streams.map((prefix) => `e.stream like ${beginsWith(prefix)} escape '|'`)
      filters.push(prefixes.length === 0 ? 'false' : `(${prefixes.join(' or ')})`)
    }
    if (tenant !== undefined) filters.push(`e.tenant = ${literal(tenant)}`)
    // Where nothing is archived, one look into an index tells so for all rows.
    if (!archived) {
      const hidden = `select 1 from ${this.#t.streams} s where s.archived = 1`
      filters.push(`(not exists (${hidden}) or not exists (${hidden} and s.name = e.stream))`)
    }
    const order = `order by e.position ${backwards ? 'desc' : 'asc'} limit ${Math.min(limit, most)}`
    return `select ${eventColumns} from ${this.#t.events} e force index (primary) where ${filters.join(' and ')} ${order}`
  }

  /** The counter and the lowest floor as one moment shows them. */
  #boundText(): string {
    const { counter, floors } = this.#t
    return `select c.last, f.floor, f.id from ${counter} c left join (select floor, id from ${floors}${this.#others()} order by floor, id limit 1) f on true where c.id = 1`
  }

  #others(): string {
    const own = this.#ownFloor()
    return own === undefined ? '' : ` where id <> ${literal(own)}`
  }

  /** The position up to which readers may read. */
  async #bound(row: Row | undefined): Promise<number> {
    const last = Number(row?.[0] ?? 0)
    const floor = typeof row?.[2] === 'string' ? row[2] : undefined
    const head = floor === undefined ? last : Math.min(last, Number(row?.[1]))
    this.#safe = Math.max(this.#safe, head)
    await this.#look(floor)
    return head
  }
}

/** Documents lie in the order of their keys behind each status, and behind each tenant: the server takes which of the two is rarer. */
function indexOf({ status, tenant, dueBefore }: Pick<ListQuery, 'status' | 'tenant' | 'dueBefore'>): string {
  if (dueBefore !== undefined) return 'force index (documents_due)'
  if (status === undefined) return tenant === undefined ? '' : 'use index (primary, documents_tenant)'
  return tenant === undefined ? 'force index (documents_status)' : 'force index (documents_status, documents_tenant)'
}
