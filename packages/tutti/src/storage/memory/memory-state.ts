import type { EventRow } from '../../message/index.ts'
import {
  expectation,
  type AllPage,
  type AppendWrite,
  type ClaimWrite,
  type Conflict,
  type DeleteWrite,
  type DocumentRow,
  type ListQuery,
  type NamedStream,
  type PutWrite,
  type RenewWrite,
  type StatusCount,
  type StreamPage,
  type StreamsQuery,
  type StreamState,
  type StreamWrite,
  type Unit,
  type UnitResult,
  type Write,
  type WriteResult,
} from '../driver.ts'
import { LayeredMap } from './layered-map.ts'

type Appended = Extract<WriteResult, { kind: 'append' }>

/** Rows that are shared by a state and its forks: only the one that may write appends to them. */
interface Log {
  readonly all: EventRow[]
  readonly streams: Map<string, EventRow[]>
}

const missing: StreamState = { version: 0, first: 1, archived: false, tombstoned: false }

/** Everything that a memory storage holds, as one reader or writer sees it. */
export class MemoryState {
  readonly #below: MemoryState | undefined
  readonly #log: Log
  readonly #streams: LayeredMap<StreamState>
  readonly #keys: LayeredMap<Appended & { readonly time: number }>
  /** By collection, so that nobody looks through those of others. */
  readonly #documents = new Map<string, LayeredMap<DocumentRow>>()
  #length: number

  constructor(below?: MemoryState) {
    this.#below = below
    this.#log = below ? below.#log : { all: [], streams: new Map() }
    this.#streams = new LayeredMap(below && below.#streams)
    this.#keys = new LayeredMap(below && below.#keys)
    this.#length = below ? below.#length : 0
  }

  /** The position of the last event; positions are 1, 2, 3, … */
  get head(): number {
    return this.#length
  }

  /** A layer over this state that can be changed without this one showing it; it costs nothing, however much is there. */
  fork(): MemoryState {
    return new MemoryState(this)
  }

  /** Makes what was changed since the fork a part of the state below, and gives that one. */
  merge(): MemoryState {
    const below = this.#below
    if (below === undefined) return this
    for (const [collection, documents] of this.#documents) {
      below.#collection(collection)
      documents.merge()
    }
    this.#streams.merge()
    this.#keys.merge()
    below.#length = this.#length
    return below
  }

  /** Takes back the rows that forks have appended beyond this state. */
  discardBeyond(): void {
    for (const row of this.#log.all.splice(this.#length)) {
      const rows = this.#log.streams.get(row.stream) as EventRow[]
      rows.length = Math.min(rows.length, this.#streams.get(row.stream)?.version ?? 0)
    }
  }

  /** Writes a unit, or nothing of it where one of its writes conflicts. */
  apply({ writes }: Unit): UnitResult {
    if (writes.length === 1) return this.#applyOne(writes[0] as Write)
    // What an earlier write changes counts for the later ones.
    const trial = this.fork()
    const results: WriteResult[] = []
    for (const [i, write] of writes.entries()) {
      const result = trial.#applyOne(write)
      if (!result.ok) {
        this.discardBeyond()
        return { ok: false, conflict: { ...result.conflict, write: i } }
      }
      results.push(...result.results)
    }
    trial.merge()
    return { ok: true, results }
  }

  stream(name: string, { from, to, limit, backwards }: StreamPage): EventRow[] {
    const { version, first, tombstoned } = this.streamState(name) ?? missing
    if (tombstoned) return []
    const rows = this.#log.streams.get(name) ?? []
    const low = Math.max(backwards ? to : from, first)
    const high = Math.min(backwards ? from : to, version)
    const start = backwards ? Math.max(low, high - limit + 1) : low
    const end = backwards ? high : Math.min(high, low + limit - 1)
    const page = start > end ? [] : rows.slice(start - 1, end)
    return backwards ? page.toReversed() : page
  }

  all({ after, limit, backwards, types, streams, tenant, archived }: AllPage): { readonly rows: EventRow[]; readonly position: number } {
    const wanted = types && new Set(types)
    const fits = (row: EventRow): boolean => {
      const state = this.#streams.get(row.stream) ?? missing
      if (state.tombstoned || row.streamVersion < state.first || (state.archived && !archived)) return false
      if (wanted !== undefined && !wanted.has(row.type)) return false
      if (tenant !== undefined && row.tenant !== tenant) return false
      return streams === undefined || streams.some((prefix) => row.stream.startsWith(prefix))
    }
    const rows: EventRow[] = []
    const step = backwards ? -1 : 1
    // The row at index i has position i + 1.
    let i = backwards ? Math.min(after - 1, this.#length) - 1 : after
    for (; i >= 0 && i < this.#length && rows.length < limit; i += step) {
      const row = this.#log.all[i] as EventRow
      if (fits(row)) rows.push(row)
    }
    return { rows, position: backwards ? (rows.at(-1)?.position ?? 0) : Math.max(after, Math.min(i, this.#length)) }
  }

  streamState(name: string): StreamState | undefined {
    return this.#streams.get(name)
  }

  streams({ prefix, after = '', limit }: StreamsQuery): NamedStream[] {
    return Array.from(this.#streams.entries(), ([stream, state]) => ({ stream, ...state }))
      .filter(({ stream, version }) => version > 0 && stream.startsWith(prefix) && stream > after)
      .toSorted((a, b) => (a.stream < b.stream ? -1 : 1))
      .slice(0, limit)
  }

  count(prefix: string): StatusCount[] {
    const counts = new Map<string, number>()
    for (const [key, { status }] of this.#documentsOf(prefix).entries())
      if (status !== null && key.startsWith(prefix)) counts.set(status, (counts.get(status) ?? 0) + 1)
    return Array.from(counts, ([status, count]) => ({ status, count }))
  }

  documents(keys: readonly string[]): (DocumentRow | undefined)[] {
    return keys.map((key) => this.#documentsOf(key).get(key))
  }

  list({ prefix, status, tenant, dueBefore, after, backwards, limit }: ListQuery): DocumentRow[] {
    const rows = Array.from(this.#documentsOf(prefix).entries(), ([, row]) => row).filter(
      (row) =>
        row.key.startsWith(prefix) &&
        (status === undefined || row.status === status) &&
        (tenant === undefined || row.tenant === tenant) &&
        (after === undefined || (backwards ? row.key < after : row.key > after)) &&
        (dueBefore === undefined || (row.due !== null && row.due <= dueBefore)),
    )
    rows.sort((a, b) => (dueBefore === undefined ? 0 : (a.due ?? 0) - (b.due ?? 0)) || (a.key < b.key ? -1 : 1))
    return (backwards ? rows.reverse() : rows).slice(0, limit)
  }

  #applyOne(write: Write): UnitResult {
    switch (write.kind) {
      case 'append':
        return this.#append(write)
      case 'put':
        return this.#put(write)
      case 'delete':
        return this.#delete(write)
      case 'claim':
        return done({ kind: 'claim', documents: this.#claim(write) })
      case 'renew':
        return done({ kind: 'renew', keys: this.#renew(write) })
      case 'forget-keys':
        return done({ kind: 'forget-keys', count: this.#forgetKeys(write.before) })
      default:
        return this.#changeStream(write)
    }
  }

  #append({ stream, expected, key, events, tenant, time }: AppendWrite): UnitResult {
    const known = key === undefined ? undefined : this.#keys.get(`${stream}\n${key}`)
    if (known !== undefined) return done({ kind: 'append', version: known.version, position: known.position, duplicate: true })
    const state = this.#streams.get(stream) ?? missing
    if (state.tombstoned) return conflict('tombstoned', state.version)
    if (state.archived) return conflict('archived', state.version)
    const fits =
      expected === expectation.any ||
      (expected === expectation.none && state.version === 0) ||
      (expected === expectation.exists && state.version > 0) ||
      expected === state.version
    if (!fits) return conflict('version', state.version)
    const rows = this.#log.streams.get(stream) ?? []
    this.#log.streams.set(stream, rows)
    for (const [i, event] of events.entries()) {
      const row: EventRow = {
        ...event,
        stream,
        streamVersion: state.version + i + 1,
        position: ++this.#length,
        time,
        tenant: tenant ?? null,
      }
      rows.push(row)
      this.#log.all.push(row)
    }
    const version = state.version + events.length
    this.#streams.set(stream, { ...state, version })
    const result: Appended = { kind: 'append', version, position: this.#length, duplicate: false }
    if (key !== undefined) this.#keys.set(`${stream}\n${key}`, { ...result, time })
    return done(result)
  }

  #put(write: PutWrite): UnitResult {
    const before = this.#documentsOf(write.key).get(write.key)
    const refused = checkDocument(before, write)
    if (refused !== undefined) return refused
    const version = (before?.version ?? 0) + 1
    const { key, value, status, due, tenant, release, claim, time } = write
    const epoch = before?.epoch ?? 0
    const kept = release ? undefined : before
    this.#documentsOf(key).set(key, {
      key,
      value,
      hints: write.hints ?? null,
      version,
      status: status ?? null,
      due: due ?? null,
      tenant: tenant ?? null,
      owner: claim?.owner ?? kept?.owner ?? null,
      leaseUntil: claim?.until ?? kept?.leaseUntil ?? null,
      epoch: claim === undefined ? epoch : epoch + 1,
      updatedAt: time,
    })
    return done({ kind: 'put', version })
  }

  #delete(write: DeleteWrite): UnitResult {
    const before = this.#documentsOf(write.key).get(write.key)
    return checkDocument(before, write) ?? done({ kind: 'delete', existed: this.#documentsOf(write.key).delete(write.key) })
  }

  #claim({ collection, status, owner, now, until, limit }: ClaimWrite): DocumentRow[] {
    const due = this.list({
      prefix: `${collection}/`,
      status,
      tenant: undefined,
      dueBefore: now,
      after: undefined,
      backwards: false,
      limit: Number.MAX_SAFE_INTEGER,
    })
    return due
      .filter((row) => row.leaseUntil === null || row.leaseUntil <= now)
      .slice(0, limit)
      .map((row) => {
        const claimed: DocumentRow = { ...row, owner, leaseUntil: until, epoch: row.epoch + 1 }
        this.#documentsOf(row.key).set(row.key, claimed)
        return claimed
      })
  }

  #renew({ claims, owner, until }: RenewWrite): string[] {
    return claims.flatMap(({ key, epoch }) => {
      const row = this.#documentsOf(key).get(key)
      if (row === undefined || row.owner !== owner || row.epoch !== epoch) return []
      this.#documentsOf(key).set(key, { ...row, leaseUntil: until })
      return [key]
    })
  }

  #changeStream({ kind, stream, before }: StreamWrite): UnitResult {
    const state = this.#streams.get(stream)
    if (state === undefined) return done({ kind: 'stream' })
    if (kind === 'truncate') this.#streams.set(stream, { ...state, first: Math.max(state.first, Math.min(before, state.version + 1)) })
    else if (kind === 'tombstone') this.#streams.set(stream, { ...state, tombstoned: true, first: state.version + 1 })
    else this.#streams.set(stream, { ...state, archived: kind === 'archive' })
    return done({ kind: 'stream' })
  }

  #forgetKeys(before: number): number {
    const old = [...this.#keys.entries()].filter(([, { time }]) => time < before)
    for (const [key] of old) this.#keys.delete(key)
    return old.length
  }

  /** The documents of the collection that a key or prefix names. */
  #documentsOf(key: string): LayeredMap<DocumentRow> {
    return this.#collection(key.slice(0, key.indexOf('/')))
  }

  #collection(name: string): LayeredMap<DocumentRow> {
    let documents = this.#documents.get(name)
    if (documents === undefined) this.#documents.set(name, (documents = new LayeredMap(this.#below && this.#below.#collection(name))))
    return documents
  }
}

function checkDocument(
  before: DocumentRow | undefined,
  { ifVersion, epoch }: Pick<PutWrite, 'ifVersion' | 'epoch'>,
): UnitResult | undefined {
  if (epoch !== undefined && before?.epoch !== epoch) return conflict('epoch', before?.epoch ?? 0)
  if (ifVersion !== undefined && (before?.version ?? 0) !== ifVersion) return conflict('document', before?.version ?? 0)
  return undefined
}

function done(result: WriteResult): UnitResult {
  return { ok: true, results: [result] }
}

function conflict(reason: Conflict['reason'], actual: number): UnitResult {
  return { ok: false, conflict: { write: 0, reason, actual } }
}
