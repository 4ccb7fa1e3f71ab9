import type { SQLInputValue } from 'node:sqlite'
import type { EventRow } from '../../message/index.ts'
import type { AllPage, NamedStream, StreamPage, StreamsQuery, StreamState } from '../driver.ts'
import type { Connection } from './connection.ts'
import { behindPrefix } from './prefix.ts'
import { headOf } from './write-units.ts'

/** The columns of an event as drivers give it. */
const columns = 'id, type, version, data, meta, position, stream, stream_version as streamVersion, time, tenant'

/** Names are no longer than this, which sorts behind all of them. */
const behindAll = '\u{10ffff}'.repeat(251)

/** How many positions a filtered read looks at before the event loop gets its turn. */
const span = 10_000

/** Up to how many events of streams with a prefix are rather looked up by the stream and sorted. */
const fewEvents = 2_000

export function readStream(connection: Connection, stream: string, { from, to, limit, backwards }: StreamPage): EventRow[] {
  return connection.all<EventRow>(
    `select ${columns} from tutti_events where stream = ? and stream_version >= ? and stream_version <= ?
     order by stream_version ${backwards ? 'desc' : 'asc'} limit ?`,
    stream,
    backwards ? to : from,
    backwards ? from : to,
    limit,
  )
}

export function readStreamState(connection: Connection, stream: string): StreamState | undefined {
  const row = connection.get<StreamRow>('select version, first, archived, tombstoned from tutti_streams where stream = ?', stream)
  return row && stateOf(row)
}

export function listStreams(connection: Connection, { prefix, after, limit }: StreamsQuery): NamedStream[] {
  const rows = connection.all<StreamRow & { stream: string }>(
    `select stream, version, first, archived, tombstoned from tutti_streams
     where stream >= ? and stream < ? and stream > ? and version > 0 order by stream limit ?`,
    prefix,
    behindPrefix(prefix) ?? behindAll,
    after ?? '',
    limit,
  )
  return rows.map((row) => ({ stream: row.stream, ...stateOf(row) }))
}

interface StreamRow {
  readonly version: number
  readonly first: number
  readonly archived: number
  readonly tombstoned: number
}

function stateOf({ version, first, archived, tombstoned }: StreamRow): StreamState {
  return { version, first, archived: archived === 1, tombstoned: tombstoned === 1 }
}

/** A part of a page: which positions are looked at, from low to high. */
interface Part {
  readonly low: number
  readonly high: number
  readonly limit: number
}

/**
 * Reads a page of all events in steps: each call looks at some more positions, and gives the page once it is full or everything was looked
 * at. What lies in between is the caller's, such as a turn of the event loop.
 */
export class AllReader {
  readonly #page: AllPage
  readonly #rows: EventRow[] = []
  /** Forwards the next position to look at, backwards the last one. */
  #next: number
  #head: number | undefined
  #filter: Filter | undefined

  constructor(page: AllPage) {
    this.#page = page
    this.#next = page.backwards ? page.after - 1 : page.after + 1
  }

  step(connection: Connection): { readonly rows: readonly EventRow[]; readonly position: number } | undefined {
    const { after, limit, backwards } = this.#page
    // What was there when the page was begun: a later step does not go beyond it, so that a page always ends.
    this.#head ??= headOf(connection)
    const head = this.#head
    if (backwards) this.#next = Math.min(this.#next, head)
    const filter = (this.#filter ??= filterOf(connection, this.#page))
    const width = filter.whole ? Number.MAX_SAFE_INTEGER : span
    const part: Part = backwards
      ? { low: Math.max(1, this.#next - width + 1), high: this.#next, limit: limit - this.#rows.length }
      : { low: this.#next, high: Math.min(head, this.#next - 1 + width), limit: limit - this.#rows.length }
    for (const row of part.low > part.high ? [] : readPart(connection, part, { filter, backwards })) this.#rows.push(row)
    this.#next = backwards ? part.low - 1 : part.high + 1
    const full = this.#rows.length >= limit
    if (!full && (backwards ? this.#next >= 1 : this.#next <= head)) return undefined
    const last = this.#rows.at(-1)?.position
    if (backwards) return { rows: this.#rows, position: last ?? 0 }
    return { rows: this.#rows, position: full && last !== undefined ? last : Math.max(after, head) }
  }
}

interface Filter {
  readonly conditions: readonly string[]
  readonly values: readonly SQLInputValue[]
  readonly index: string
  /** Whether the whole store may be looked at in one go. */
  readonly whole: boolean
}

function readPart(
  connection: Connection,
  { low, high, limit }: Part,
  { filter, backwards }: { readonly filter: Filter; readonly backwards: boolean },
): EventRow[] {
  return connection.all<EventRow>(
    `select ${columns} from tutti_events as e ${filter.index} where position >= ? and position <= ?${filter.conditions
      .map((condition) => ` and ${condition}`)
      .join('')} order by position ${backwards ? 'desc' : 'asc'} limit ?`,
    low,
    high,
    ...filter.values,
    limit,
  )
}

function filterOf(connection: Connection, { types, streams, tenant, archived }: AllPage): Filter {
  const conditions: string[] = []
  const values: SQLInputValue[] = []
  // Lists travel as one value each, so that there are few statements, however long they are.
  if (types !== undefined) {
    conditions.push('type in (select value from json_each(?))')
    values.push(JSON.stringify(types))
  }
  if (streams !== undefined) {
    conditions.push(`(${streams.map(() => '(stream >= ? and stream < ?)').join(' or ') || 'false'})`)
    for (const prefix of streams) values.push(prefix, behindPrefix(prefix) ?? behindAll)
  }
  if (tenant !== undefined) {
    conditions.push('tenant = ?')
    values.push(tenant)
  }
  const hide = !archived && connection.get('select 1 from tutti_streams indexed by tutti_streams_archived where archived = 1 limit 1')
  if (hide) {
    conditions.push(
      'not exists (select 1 from tutti_streams as s indexed by tutti_streams_archived where s.archived = 1 and s.stream = e.stream)',
    )
  }
  const few = streams !== undefined && isFew(connection, streams)
  const index = few ? 'indexed by tutti_events_stream' : tenant === undefined ? 'not indexed' : 'indexed by tutti_events_tenant'
  return { conditions, values, index, whole: few || conditions.length === 0 }
}

/** Whether the streams with these prefixes hold few events. */
function isFew(connection: Connection, streams: readonly string[]): boolean {
  let count = 0
  for (const prefix of streams) {
    const row = connection.get<{ count: number }>(
      'select count(*) as count from (select 1 from tutti_events where stream >= ? and stream < ? limit ?)',
      prefix,
      behindPrefix(prefix) ?? behindAll,
      fewEvents + 1 - count,
    )
    count += row?.count ?? 0
    if (count > fewEvents) return false
  }
  return true
}
