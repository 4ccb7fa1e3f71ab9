import {
  expectation,
  type AppendWrite,
  type Conflict,
  type DeleteWrite,
  type PutWrite,
  type StreamState,
  type Unit,
  type UnitResult,
  type WriteResult,
} from 'tutti/storage'

/** Writes that are checked against locked rows and then written in bulk. */
export type PlainWrite = AppendWrite | PutWrite | DeleteWrite

/** A unit of nothing but plain writes. */
export interface PlainUnit extends Unit {
  readonly writes: readonly PlainWrite[]
}

/** Whether a unit can share its statements with others. */
export function isPlain(unit: Unit): unit is PlainUnit {
  return unit.writes.every(({ kind }) => kind === 'append' || kind === 'put' || kind === 'delete')
}

/** What is there, locked. */
export interface Found {
  readonly streams: ReadonlyMap<string, StreamState>
  /** By `keyOf`. */
  readonly keys: ReadonlyMap<string, { readonly version: number; readonly position: number }>
  readonly documents: ReadonlyMap<string, { readonly version: number; readonly epoch: number }>
}

/** An append that is to be done: its events get the positions behind `before`, counted from the first position of the plan. */
export interface PlannedAppend {
  readonly write: AppendWrite
  /** The stream's version behind it. */
  readonly version: number
  readonly before: number
}

/** What becomes of a document. */
export interface DocumentNow {
  readonly version: number
  readonly epoch: number
  /** Owner and lease go. */
  readonly release: boolean
  /** Owner and lease that are new. */
  readonly claim?: PutWrite['claim']
  /** What is written last; `undefined` where nothing is. */
  readonly put?: PutWrite | undefined
}

type KeyNow = { readonly version: number; readonly position: number } | { readonly version: number; readonly offset: number }

const missingStream: StreamState = { version: 0, first: 1, archived: false, tombstoned: false }
const missingDocument: DocumentNow = { version: 0, epoch: 0, release: true }

/** Where an idempotency key lies. No stream name holds the separator. */
export function keyOf(stream: string, key: string): string {
  return `${stream}\n${key}`
}

/** Works out what units do to what is there, each on what those before it have left. Nothing is written here. */
export class Plan {
  readonly appends: PlannedAppend[] = []
  readonly #found: Found
  readonly #streams = new Map<string, StreamState>()
  readonly #keys = new Map<string, KeyNow>()
  readonly #documents = new Map<string, DocumentNow>()
  /** Takes back what the unit did that is being tried. */
  #undo: (() => void)[] = []
  #events = 0
  readonly #results: ((base: number) => UnitResult)[] = []

  constructor(found: Found, units: readonly PlainUnit[]) {
    this.#found = found
    for (const unit of units) this.#results.push(this.#unit(unit))
  }

  /** How many positions it needs. */
  get events(): number {
    return this.#events
  }

  /** The streams that get new versions. */
  get streams(): ReadonlyMap<string, StreamState> {
    return this.#streams
  }

  /** The documents that are written or deleted. */
  get documents(): ReadonlyMap<string, DocumentNow> {
    return this.#documents
  }

  get changes(): boolean {
    return this.#streams.size > 0 || this.#documents.size > 0
  }

  /** What the units are answered where positions begin behind `base`. */
  results(base: number): UnitResult[] {
    return this.#results.map((result) => result(base))
  }

  #unit({ writes }: PlainUnit): (base: number) => UnitResult {
    this.#undo = []
    const done: ((base: number) => WriteResult)[] = []
    for (const [i, write] of writes.entries()) {
      const result = write.kind === 'append' ? this.#append(write) : this.#document(write)
      if (typeof result === 'function') {
        done.push(result)
        continue
      }
      for (const undo of this.#undo.toReversed()) undo()
      return () => ({ ok: false, conflict: { ...result, write: i } })
    }
    return (base) => ({ ok: true, results: done.map((one) => one(base)) })
  }

  #append(write: AppendWrite): Conflict | ((base: number) => WriteResult) {
    const { stream, expected, key, events } = write
    const place = key === undefined ? undefined : keyOf(stream, key)
    const known = place === undefined ? undefined : (this.#keys.get(place) ?? this.#found.keys.get(place))
    if (known !== undefined) return (base) => appended(known, { base, duplicate: true })
    const state = this.#streams.get(stream) ?? this.#found.streams.get(stream) ?? missingStream
    if (state.tombstoned) return conflict('tombstoned', state.version)
    if (state.archived) return conflict('archived', state.version)
    const fits =
      expected === expectation.any ||
      (expected === expectation.none && state.version === 0) ||
      (expected === expectation.exists && state.version > 0) ||
      expected === state.version
    if (!fits) return conflict('version', state.version)
    const before = this.#events
    const version = state.version + events.length
    this.#set(this.#streams, stream, { ...state, version })
    this.#events += events.length
    this.appends.push({ write, version, before })
    this.#undo.push(() => {
      this.#events = before
      this.appends.pop()
    })
    const now: KeyNow = { version, offset: this.#events }
    if (place !== undefined) this.#set(this.#keys, place, now)
    return (base) => appended(now, { base, duplicate: false })
  }

  #document(write: PutWrite | DeleteWrite): Conflict | (() => WriteResult) {
    const { key, epoch, ifVersion } = write
    const found = this.#found.documents.get(key)
    const before: DocumentNow = this.#documents.get(key) ?? (found ? { ...found, release: false } : missingDocument)
    if (epoch !== undefined && (before.version === 0 || before.epoch !== epoch)) return conflict('epoch', before.epoch)
    if (ifVersion !== undefined && before.version !== ifVersion) return conflict('document', before.version)
    if (write.kind === 'delete') {
      const existed = before.version > 0
      if (existed) this.#set(this.#documents, key, missingDocument)
      return () => ({ kind: 'delete', existed })
    }
    const version = before.version + 1
    const { claim } = write
    this.#set(this.#documents, key, {
      version,
      epoch: claim === undefined ? before.epoch : before.epoch + 1,
      release: claim === undefined && (before.release || write.release),
      claim: claim ?? (write.release ? undefined : before.claim),
      put: write,
    })
    return () => ({ kind: 'put', version })
  }

  #set<T>(map: Map<string, T>, key: string, value: T): void {
    const before = map.get(key)
    this.#undo.push(() => {
      if (before === undefined) map.delete(key)
      else map.set(key, before)
    })
    map.set(key, value)
  }
}

function appended(now: KeyNow, { base, duplicate }: { readonly base: number; readonly duplicate: boolean }): WriteResult {
  return { kind: 'append', version: now.version, position: 'offset' in now ? base + now.offset : now.position, duplicate }
}

function conflict(reason: Conflict['reason'], actual: number): Conflict {
  return { write: 0, reason, actual }
}
