import type { StreamState } from 'tutti/storage'
import type { StatementResult } from './lease.ts'
import { literal, literals } from './literals.ts'
import { keyOf, type DocumentNow, type Found, type PlainUnit, type Plan } from './plan.ts'
import { streamStateOf } from './rows.ts'
import type { Tables } from './tables.ts'

/** Long statements are cut where they have grown beyond this many characters, so that none exceeds a packet. */
const statementSize = 250_000

/** The names that units touch, sorted: everybody locks them in this order. */
export class Touched {
  readonly streams: readonly string[]
  readonly documents: readonly string[]
  readonly #keys: readonly (readonly [stream: string, key: string])[]

  constructor(units: readonly PlainUnit[]) {
    const streams = new Set<string>()
    const documents = new Set<string>()
    const keys = new Map<string, readonly [string, string]>()
    for (const { writes } of units) {
      for (const write of writes) {
        if (write.kind !== 'append') documents.add(write.key)
        else {
          streams.add(write.stream)
          if (write.key !== undefined) keys.set(keyOf(write.stream, write.key), [write.stream, write.key])
        }
      }
    }
    this.streams = [...streams].toSorted()
    this.documents = [...documents].toSorted()
    this.#keys = [...keys.values()]
  }

  /**
   * Locks what is there, and reads it. Keys are read behind the lock of their stream. Without the index the server might look at every row
   * of a small table, and wait for those that others have locked.
   */
  lock(t: Tables): string[] {
    const statements: string[] = []
    if (this.streams.length > 0)
      statements.push(
        `select name, version, first, archived, tombstoned from ${t.streams} force index (primary) where name in (${literals(this.streams)}) order by name for update`,
      )
    if (this.#keys.length > 0) {
      const pairs = this.#keys.map(([stream, key]) => `(${literal(stream)},${literal(key)})`)
      statements.push(`select stream, append_key, version, position from ${t.keys} where (stream, append_key) in (${pairs.join(',')})`)
    }
    if (this.documents.length > 0)
      statements.push(
        `select doc_key, version, epoch from ${t.documents} force index (primary) where doc_key in (${literals(this.documents)}) order by doc_key for update`,
      )
    return statements
  }

  /** What `lock` has found. */
  found(results: readonly StatementResult[]): Found {
    const next = results.values()
    const rows = (asked: readonly unknown[]): StatementResult['rows'] => (asked.length === 0 ? [] : (next.next().value?.rows ?? []))
    const streams = new Map(rows(this.streams).map(([name, ...state]) => [String(name), streamStateOf(state)]))
    const keys = new Map(
      rows(this.#keys).map(([stream, key, version, position]) => [
        keyOf(String(stream), String(key)),
        { version: Number(version), position: Number(position) },
      ]),
    )
    const documents = new Map(
      rows(this.documents).map(([key, version, epoch]) => [String(key), { version: Number(version), epoch: Number(epoch) }]),
    )
    return { streams, keys, documents }
  }
}

/** Writes the new versions of streams. Those that are created here fail with a duplicate where somebody else has created them meanwhile. */
export function streamStatements(t: Tables, streams: ReadonlyMap<string, StreamState>, found: Found['streams']): string[] {
  const row = ([name, { version }]: readonly [string, StreamState]): string => `(${literal(name)},${version})`
  const sorted = [...streams].toSorted(byName)
  const fresh = sorted.filter(([name]) => !found.has(name))
  const known = sorted.filter(([name]) => found.has(name))
  return [
    ...bulk(`insert into ${t.streams} (name, version) values `, fresh.map(row)),
    ...bulk(`insert into ${t.streams} (name, version) values `, known.map(row), ' on duplicate key update version = values(version)'),
  ]
}

/** Writes documents, as `streamStatements` does for streams. */
export function documentStatements(t: Tables, documents: ReadonlyMap<string, DocumentNow>, found: Found['documents']): string[] {
  const columns = 'doc_key, collection, version, epoch, due, updated_at, status, tenant, hints, value, owner, lease_until'
  const head = `insert into ${t.documents} (${columns}) values `
  const replaced = (names: readonly string[]): string => names.map((name) => `${name} = values(${name})`).join(', ')
  const changed = ['version', 'epoch', 'due', 'updated_at', 'status', 'tenant', 'hints', 'value']
  const sorted = [...documents].toSorted(byName)
  const rows = (fits: (name: string, now: DocumentNow) => boolean): string[] =>
    sorted.flatMap(([name, now]) => (now.put !== undefined && fits(name, now) ? [documentRow(now, now.put)] : []))
  // Owner and lease stay where they are neither released nor taken.
  const kept = ({ release, claim }: DocumentNow): boolean => !release && claim === undefined
  const gone = sorted.filter(([name, { put }]) => put === undefined && found.has(name)).map(([name]) => name)
  return [
    ...(gone.length === 0 ? [] : [`delete from ${t.documents} where doc_key in (${literals(gone)})`]),
    ...bulk(
      head,
      rows((name) => !found.has(name)),
    ),
    ...bulk(
      head,
      rows((name, now) => found.has(name) && kept(now)),
      ` on duplicate key update ${replaced(changed)}`,
    ),
    ...bulk(
      head,
      rows((name, now) => found.has(name) && !kept(now)),
      ` on duplicate key update ${replaced([...changed, 'owner', 'lease_until'])}`,
    ),
  ]
}

/** Writes events and idempotency keys. `base` is the expression behind whose value the positions begin. */
export function eventStatements(t: Tables, plan: Plan, base: string): string[] {
  const events: string[] = []
  const keys: string[] = []
  for (const { write, version, before } of plan.appends) {
    const stream = literal(write.stream)
    const tenant = literal(write.tenant)
    const first = version - write.events.length
    for (const [i, event] of write.events.entries()) {
      const place = `${base}+${before + i + 1},${stream},${first + i + 1},${write.time},${event.version}`
      events.push(`(${place},${literal(event.type)},${literal(event.id)},${tenant},${literal(event.data)},${literal(event.meta)})`)
    }
    if (write.key !== undefined)
      keys.push(`(${stream},${literal(write.key)},${version},${base}+${before + write.events.length},${write.time})`)
  }
  return [
    ...bulk(`insert into ${t.events} (position, stream, stream_version, time, version, type, id, tenant, data, meta) values `, events),
    ...bulk(`insert into ${t.keys} (stream, append_key, version, position, time) values `, keys),
  ]
}

function documentRow({ version, epoch, claim }: DocumentNow, put: PutWriteOf): string {
  const { key, value, hints, due, status, tenant, time } = put
  const collection = key.slice(0, key.indexOf('/'))
  const cells = [key, collection, version, epoch, due, time, status, tenant, hints, value, claim?.owner, claim?.until]
  return `(${cells.map(literal).join(',')})`
}

type PutWriteOf = NonNullable<DocumentNow['put']>

function bulk(head: string, rows: readonly string[], tail = ''): string[] {
  const statements: string[] = []
  let part: string[] = []
  let size = 0
  for (const row of rows) {
    if (size > 0 && size + row.length > statementSize) {
      statements.push(head + part.join(',') + tail)
      part = []
      size = 0
    }
    part.push(row)
    size += row.length
  }
  if (part.length > 0) statements.push(head + part.join(',') + tail)
  return statements
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
