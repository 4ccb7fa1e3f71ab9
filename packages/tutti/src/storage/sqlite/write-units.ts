import { expectation, type AppendWrite, type StreamWrite, type Unit, type UnitResult, type Write, type WriteResult } from '../driver.ts'
import type { Connection } from './connection.ts'
import { conflict, done } from './outcome.ts'
import { claim, deleteDocument, putDocument, renew } from './write-documents.ts'

interface StreamRow {
  readonly version: number
  readonly archived: number
  readonly tombstoned: number
}

const missing: StreamRow = { version: 0, archived: 0, tombstoned: 0 }

/** What units did. */
export interface Written {
  readonly results: readonly UnitResult[]
  /** The bytes that they bring to the log, roughly; 0 where they have changed nothing. */
  readonly bytes: number
}

/** How long a batch may keep the event loop to itself, in milliseconds. */
const slice = 2

/**
 * Writes units within the transaction that is going on; one that conflicts leaves nothing, and the others are not affected. A large batch
 * lets the event loop turn in between: the connection is the batch's alone until it is committed.
 */
export async function writeUnits(connection: Connection, units: readonly Unit[]): Promise<Written> {
  const writer = new UnitWriter(connection)
  const results: UnitResult[] = []
  let bytes = 0
  let since = performance.now()
  for (const unit of units) {
    const result = writer.unit(unit)
    results.push(result)
    bytes += unitBytes(unit, result)
    if (performance.now() - since < slice) continue
    await new Promise((resolve) => setImmediate(resolve))
    since = performance.now()
  }
  writer.end()
  return { results, bytes }
}

/** Writes one unit within the transaction that is going on. */
export function writeUnit(connection: Connection, unit: Unit): { readonly result: UnitResult; readonly bytes: number } {
  const writer = new UnitWriter(connection)
  const result = writer.unit(unit)
  writer.end()
  return { result, bytes: unitBytes(unit, result) }
}

function unitBytes({ writes }: Unit, result: UnitResult): number {
  if (!result.ok) return 0
  return result.results.reduce((sum, one, i) => sum + bytesOf(writes[i] as Write, one), 0)
}

/** Each change touches some pages of its own: of a table and of its indexes. */
const changeBytes = 3 * 4096

function bytesOf(write: Write, result: WriteResult): number {
  switch (result.kind) {
    case 'append': {
      if (result.duplicate || write.kind !== 'append') return 0
      return write.events.reduce((sum, { data, meta }) => sum + data.length + meta.length, changeBytes)
    }
    case 'put':
      return changeBytes + (write.kind === 'put' ? write.value.length : 0)
    case 'delete':
      return result.existed ? changeBytes : 0
    case 'claim':
      return result.documents.length * changeBytes
    case 'renew':
      return result.keys.length * changeBytes
    case 'forget-keys':
      return result.count * 200
    default:
      return changeBytes
  }
}

class UnitWriter {
  readonly #connection: Connection
  /** The last position given out. */
  #head: number | undefined
  #stored: number | undefined

  constructor(connection: Connection) {
    this.#connection = connection
  }

  unit({ writes }: Unit): UnitResult {
    const [only] = writes
    // A single write looks first and writes then, so that it needs nothing to go back to.
    if (writes.length === 1 && only !== undefined) return this.#write(only)
    const head = this.#head
    this.#connection.run('savepoint tutti_unit')
    const results = []
    for (const [i, write] of writes.entries()) {
      const result = this.#write(write)
      if (!result.ok) {
        this.#connection.run('rollback to tutti_unit')
        this.#connection.run('release tutti_unit')
        this.#head = head ?? this.#stored
        return { ok: false, conflict: { ...result.conflict, write: i } }
      }
      results.push(...result.results)
    }
    this.#connection.run('release tutti_unit')
    return { ok: true, results }
  }

  /** Keeps the last position, once for all units. */
  end(): void {
    if (this.#head !== this.#stored && this.#head !== undefined)
      this.#connection.run('update tutti_head set position = ? where id = 1', this.#head)
  }

  #write(write: Write): UnitResult {
    switch (write.kind) {
      case 'append':
        return this.#append(write)
      case 'put':
        return putDocument(this.#connection, write)
      case 'delete':
        return deleteDocument(this.#connection, write)
      case 'claim':
        return claim(this.#connection, write)
      case 'renew':
        return renew(this.#connection, write)
      case 'forget-keys':
        return done({
          kind: 'forget-keys',
          count: this.#connection.run('delete from tutti_append_keys where time < ?', write.before),
        })
      default:
        return this.#changeStream(write)
    }
  }

  #append({ stream, expected, key, events, tenant, time }: AppendWrite): UnitResult {
    const connection = this.#connection
    if (key !== undefined) {
      const first = connection.get<{ readonly version: number; readonly position: number }>(
        'select version, position from tutti_append_keys where stream = ? and key = ?',
        stream,
        key,
      )
      if (first !== undefined) return done({ kind: 'append', version: first.version, position: first.position, duplicate: true })
    }
    const state = connection.get<StreamRow>('select version, archived, tombstoned from tutti_streams where stream = ?', stream) ?? missing
    if (state.tombstoned === 1) return conflict('tombstoned', state.version)
    if (state.archived === 1) return conflict('archived', state.version)
    if (!fits(expected, state.version)) return conflict('version', state.version)
    const version = state.version + events.length
    if (state.version === 0) connection.run('insert into tutti_streams (stream, version) values (?, ?)', stream, version)
    else connection.run('update tutti_streams set version = ? where stream = ?', version, stream)
    let streamVersion = state.version
    let position = this.#position()
    for (const { id, type, version: shape, data, meta } of events) {
      connection.run(
        'insert into tutti_events (position, stream, stream_version, id, type, version, data, meta, time, tenant) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        ++position,
        stream,
        ++streamVersion,
        id,
        type,
        shape,
        data,
        meta,
        time,
        tenant ?? null,
      )
    }
    this.#head = position
    if (key !== undefined) {
      connection.run(
        'insert into tutti_append_keys (stream, key, version, position, time) values (?, ?, ?, ?, ?)',
        stream,
        key,
        version,
        position,
        time,
      )
    }
    return done({ kind: 'append', version, position, duplicate: false })
  }

  #changeStream({ kind, stream, before }: StreamWrite): UnitResult {
    const connection = this.#connection
    if (kind === 'truncate') {
      connection.run('update tutti_streams set first = max(first, min(?, version + 1)) where stream = ?', before, stream)
      connection.run('delete from tutti_events where stream = ? and stream_version < ?', stream, before)
    } else if (kind === 'tombstone') {
      connection.run('update tutti_streams set tombstoned = 1, first = version + 1 where stream = ?', stream)
      connection.run('delete from tutti_events where stream = ?', stream)
    } else {
      connection.run('update tutti_streams set archived = ? where stream = ?', kind === 'archive' ? 1 : 0, stream)
    }
    return done({ kind: 'stream' })
  }

  /** The last position; positions grow for ever, also past events that were deleted. */
  #position(): number {
    this.#stored ??= headOf(this.#connection)
    return this.#head ?? this.#stored
  }
}

/** The last position that was given out in what the connection sees. */
export function headOf(connection: Connection): number {
  return connection.get<{ readonly position: number }>('select position from tutti_head where id = 1')?.position ?? 0
}

function fits(expected: number, version: number): boolean {
  switch (expected) {
    case expectation.any:
      return true
    case expectation.none:
      return version === 0
    case expectation.exists:
      return version > 0
    default:
      return expected === version
  }
}
