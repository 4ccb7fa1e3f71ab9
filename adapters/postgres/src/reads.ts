import {
  readInSpans,
  type AllPage,
  type DocumentRow,
  type DriverReader,
  type ListQuery,
  type NamedStream,
  type PositionSpan,
  type StatusCount,
  type StreamPage,
  type StreamsQuery,
  type StreamState,
} from 'tutti/storage'
import { documentColumns, documentOf, eventColumns, eventOf, streamStateOf, type TextRow } from './rows.ts'

/** Runs a statement whose rows come as texts. */
export type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly TextRow[]>

type EventRow = Awaited<ReturnType<DriverReader['stream']>>[number]

/** A page of one stream. */
export interface StreamQuestion {
  readonly stream: string
  readonly page: StreamPage
}

/** The reads as statements, within a schema. */
export class Reads {
  readonly #s: string
  readonly #ask: Ask
  /** No event will ever appear at or below it: known from an earlier look. */
  #safe = 0

  constructor(schema: string, ask: Ask) {
    this.#s = schema
    this.#ask = ask
  }

  /** Pages of streams, all in the same direction. */
  async streams(questions: readonly StreamQuestion[]): Promise<EventRow[][]> {
    const backwards = questions[0]?.page.backwards === true
    const low = questions.map(({ page }) => (backwards ? page.to : page.from))
    const high = questions.map(({ page }) => (backwards ? page.from : page.to))
    const limits = questions.map(({ page }) => Math.min(page.limit, 1_000_000))
    const pages: EventRow[][] = questions.map(() => [])
    const rows = await this.#ask(`select * from ${this.#s}.${backwards ? 'read_streams_back' : 'read_streams'}($1, $2, $3, $4)`, [
      questions.map(({ stream }) => stream),
      low,
      high,
      limits,
    ])
    for (const row of rows) pages[Number(row[0]) - 1]?.push(eventOf(row, 1))
    return pages
  }

  async head(): Promise<number> {
    const [row] = await this.#ask(`select ${this.#s}.head()`)
    const head = Number(row?.[0])
    this.#safe = Math.max(this.#safe, head)
    return head
  }

  /**
   * Events up to the head. Far below it nothing can change any more: there the rows are read without asking for the head, which is what
   * makes replays as fast as the driver.
   */
  async all(page: AllPage): Promise<{ readonly rows: readonly EventRow[]; readonly position: number }> {
    const { after, limit, backwards } = page
    if (backwards) {
      const head = await this.head()
      const rows = await this.#between(page, { after: 0, to: Math.min(after - 1, head), limit })
      return { rows, position: rows.at(-1)?.position ?? 0 }
    }
    const from = Math.max(after, this.#safe)
    const rows = await this.#between(page, { after, to: from, limit })
    if (rows.length < limit) {
      const head = Math.max(from, await this.head())
      const more = await this.#between(page, { after: from, to: head, limit: limit - rows.length })
      for (const row of more) rows.push(row)
      if (rows.length < limit) return { rows, position: head }
    }
    return { rows, position: rows.at(-1)?.position ?? after }
  }

  async streamStates(streams: readonly string[]): Promise<(StreamState | undefined)[]> {
    const rows = await this.#ask(
      `select t.version, t.first, t.archived, t.tombstoned, q.i from unnest($1::text[]) with ordinality q(name, i) join ${this.#s}.streams t on t.name = q.name`,
      [streams],
    )
    const found = new Map(rows.map((row) => [Number(row[4]), streamStateOf(row)]))
    return streams.map((_, i) => found.get(i + 1))
  }

  /** Streams in the order of their names, by the primary key. */
  async streamsNamed({ prefix, after = '', limit }: StreamsQuery): Promise<NamedStream[]> {
    const rows = await this.#ask(
      `select t.version, t.first, t.archived, t.tombstoned, t.name from ${this.#s}.streams t
       where t.name >= $1 and t.name ^@ $1 and t.name > $2 and t.version > 0 order by t.name limit $3`,
      [prefix, after, limit],
    )
    return rows.map((row) => ({ stream: String(row[4]), ...streamStateOf(row) }))
  }

  /** How many documents of a collection have which status. */
  async count(prefix: string): Promise<StatusCount[]> {
    const rows = await this.#ask(
      `select d.status, count(*) from ${this.#s}.documents d
       where d.collection = $1 and d.key ^@ $2 and d.status is not null group by d.status`,
      [prefix.slice(0, prefix.indexOf('/')), prefix],
    )
    return rows.map(([status, count]) => ({ status: String(status), count: Number(count) }))
  }

  async documents(keys: readonly string[]): Promise<(DocumentRow | undefined)[]> {
    const rows = await this.#ask(`select ${documentColumns} from ${this.#s}.documents d where d.key = any($1)`, [keys])
    const found = new Map(rows.map((row) => [row[0], documentOf(row)]))
    return keys.map((key) => found.get(key))
  }

  async list({ prefix, status, tenant, dueBefore, after, backwards, limit }: ListQuery): Promise<DocumentRow[]> {
    const values: unknown[] = []
    const value = (one: unknown): string => `$${values.push(one)}`
    const filters = [`d.key ^@ ${value(prefix)}`, `d.key >= ${value(prefix)}`]
    // Behind the prefix comes the first text that is greater than all that begin with it.
    filters.push(`d.key < ${value(prefix.slice(0, prefix.indexOf('/')))} || '0'`)
    // What is due is found by that alone, whatever the server takes for rarer: so the status is written as no index has it.
    if (status !== undefined) filters.push(`d.status ${dueBefore === undefined ? '=' : 'is not distinct from'} ${value(status)}`)
    if (tenant !== undefined) filters.push(`d.tenant = ${value(tenant)}`)
    if (after !== undefined) filters.push(`d.key ${backwards ? '<' : '>'} ${value(after)}`)
    if (dueBefore !== undefined || status !== undefined) filters.push(`d.collection = ${value(prefix.slice(0, prefix.indexOf('/')))}`)
    if (dueBefore !== undefined) filters.push(`d.due <= ${value(dueBefore)}::bigint`)
    const order = dueBefore === undefined ? (backwards ? 'd.key desc' : 'd.key') : 'd.due, d.key'
    const text = `select ${documentColumns} from ${this.#s}.documents d where ${filters.join(' and ')} order by ${order} limit ${value(limit)}`
    return (await this.#ask(text, values)).map(documentOf)
  }

  #between(page: AllPage, span: PositionSpan): Promise<EventRow[]> {
    return readInSpans({ ...span, backwards: page.backwards }, (part) => this.#span(page, part))
  }

  async #span({ backwards, types, streams, tenant, archived }: AllPage, { after, to, limit }: PositionSpan): Promise<EventRow[]> {
    const values: unknown[] = []
    const value = (one: unknown): string => `$${values.push(one)}`
    const isFiltered = types !== undefined || streams !== undefined || tenant !== undefined
    const filters: string[] = []
    // Without filters the limit alone ends the scan. A second bound would let a server that has not counted the rows yet take them for few,
    // and sort them all for each page.
    if (isFiltered || !backwards) filters.push(`e.position > ${value(after)}`)
    if (isFiltered || backwards) filters.push(`e.position <= ${value(to)}`)
    if (types !== undefined) filters.push(`e.type = any(${value(types)})`)
    if (streams !== undefined) filters.push(`e.stream ^@ any(${value(streams)}::text[])`)
    if (tenant !== undefined) filters.push(`e.tenant = ${value(tenant)}`)
    // Where nothing is archived, one look into an empty index tells so for all rows.
    if (!archived) {
      const hidden = `select from ${this.#s}.streams t where t.archived`
      filters.push(`(not (select exists (${hidden})) or not exists (${hidden} and t.id = e.stream_id))`)
    }
    const rows = await this.#ask(
      `select ${eventColumns} from ${this.#s}.events e where ${filters.join(' and ')} order by e.position ${backwards ? 'desc' : 'asc'} limit ${value(limit)}`,
      values,
    )
    const events = rows.map((row) => eventOf(row))
    return isFiltered ? events : events.filter(({ position }) => position > after && position <= to)
  }
}
