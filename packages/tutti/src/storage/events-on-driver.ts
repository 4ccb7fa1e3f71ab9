import { currentContext, milliseconds, type Clock, type Duration } from '../kernel/index.ts'
import { encodeEvent, RecordedEvent, type EncodedEvent, type NewEvent } from '../message/index.ts'
import { checkOptionalText, checkText, checkWhole, invalid } from './checks.ts'
import { expectedNumber, resultsOf } from './conflicts.ts'
import type { AllPage, DriverReader, Unit, UnitResult, WriteResult } from './driver.ts'
import { StorageError } from './errors.ts'
import type { AppendOptions, Appended, EventPage, EventReader, EventStore, ReadAllOptions, ReadOptions, StreamInfo } from './event-store.ts'
import type { TransactionHandle } from './transaction-handle.ts'

/** Where reads and writes of a call go: to the storage itself, or to a transaction. */
export interface Route {
  readonly reader: DriverReader
  write(unit: Unit): Promise<UnitResult>
}

/** What stores on a driver are given. */
export interface StoreParts {
  /** The transaction that a call names or that is going on around it, else the storage. */
  route(tx: TransactionHandle | undefined): Route
  readonly clock: Clock
}

/** The streams of a storage, without what only the storage itself can do. */
export type StreamsOnDriver = Omit<EventStore, 'onAppend'>

const defaultPageSize = 500
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** An event store on the reads and writes of a driver. */
export function eventsOnDriver({ route, clock }: StoreParts): StreamsOnDriver {
  const change = async (kind: 'truncate' | 'archive' | 'restore' | 'tombstone', stream: string, before = 0): Promise<void> => {
    await write(route(undefined), { kind, stream: checkStream(stream), before: checkWhole('version before', before) })
  }
  const page = async (options: ReadAllOptions = {}): Promise<EventPage> => {
    const limit = options.limit ?? options.pageSize ?? defaultPageSize
    const { rows, position } = await readPage(route(undefined).reader, allPage(options, checkWhole('limit', limit, 1)))
    return { events: rows.map((row) => new RecordedEvent(row)), position }
  }
  return {
    async append(stream, events, options = {}) {
      return append({ stream, events, options }, route(options.tx), clock.now())
    },
    answered: (stream, key) => answered(route(undefined), { stream: checkStream(stream), key, time: clock.now() }),
    // What is read is decided here: the loop over the events may be somewhere else.
    read(stream, options = {}) {
      const from = route(options.tx).reader
      return reader(() => readStream(stream, options, from))
    },
    readAll(options = {}) {
      const from = route(undefined).reader
      return reader(() => readAll(options, from))
    },
    page,
    async info(stream): Promise<StreamInfo | undefined> {
      const state = await route(undefined).reader.streamState(checkStream(stream))
      return state && { stream, ...state }
    },
    head: async () => route(undefined).reader.head(),
    truncate: (stream, before) => change('truncate', stream, before),
    archive: (stream, archived = true) => change(archived ? 'archive' : 'restore', stream),
    tombstone: (stream) => change('tombstone', stream),
    async forgetKeys(olderThan: Duration) {
      const before = Math.floor(clock.now() - milliseconds(olderThan))
      const result = await write(route(undefined), { kind: 'forget-keys', before })
      return result.kind === 'forget-keys' ? result.count : 0
    },
  }
}

async function append(
  { stream, events, options }: { readonly stream: string; readonly events: readonly NewEvent[]; readonly options: AppendOptions },
  target: Route,
  time: number,
): Promise<Appended> {
  if (events.length === 0)
    throw new StorageError('TUTTI_OPTION_INVALID', `append to ${JSON.stringify(stream)} received no events; wanted at least one.`)
  const context = currentContext()
  const result = await write(target, {
    kind: 'append',
    stream: checkStream(stream),
    expected: expectedNumber(options.expected ?? 'any'),
    key: checkOptionalText('idempotency key', options.key),
    events: events.map((event) => checkEvent(encodeEvent(event, context))),
    tenant: checkOptionalText('tenant', context?.tenant),
    time,
  })
  if (result.kind !== 'append') throw new StorageError('TUTTI_INTERNAL', 'The driver answered an append with something else.')
  return { stream, version: result.version, position: result.position, duplicate: result.duplicate }
}

/** Drivers look for the key first, so an append that nothing can fit tells what the key was answered, and writes nothing. */
async function answered(
  target: Route,
  asked: { readonly stream: string; readonly key: string; readonly time: number },
): Promise<Appended | undefined> {
  const probe = { ...asked, kind: 'append', expected: Number.MAX_SAFE_INTEGER, events: [], tenant: undefined } as const
  const result = await target.write({ writes: [probe] })
  const first = result.ok ? result.results[0] : undefined
  return first?.kind === 'append' ? { stream: asked.stream, version: first.version, position: first.position, duplicate: true } : undefined
}

async function write(target: Route, one: Unit['writes'][number]): Promise<WriteResult> {
  const unit: Unit = { writes: [one] }
  return resultsOf(unit, await target.write(unit))[0] as WriteResult
}

async function* readStream(stream: string, options: ReadOptions, from: DriverReader): AsyncGenerator<RecordedEvent> {
  checkStream(stream)
  const { backwards = false, limit = Number.MAX_SAFE_INTEGER } = options
  const size = checkWhole('page size', options.pageSize ?? defaultPageSize, 1)
  const last = checkWhole('version to', options.to ?? (backwards ? 1 : Number.MAX_SAFE_INTEGER))
  let next = checkWhole('version from', options.from ?? (backwards ? Number.MAX_SAFE_INTEGER : 1))
  let left = checkWhole('limit', limit)
  while (left > 0 && (backwards ? next >= last && next >= 1 : next <= last)) {
    const rows = await from.stream(stream, { from: next, to: last, backwards, limit: Math.min(size, left) })
    for (const row of rows) yield new RecordedEvent(row)
    if (rows.length < Math.min(size, left)) return
    await breath()
    left -= rows.length
    next = (rows.at(-1)?.streamVersion ?? 0) + (backwards ? -1 : 1)
  }
}

async function* readAll(options: ReadAllOptions, from: DriverReader): AsyncGenerator<RecordedEvent> {
  const size = checkWhole('page size', options.pageSize ?? defaultPageSize, 1)
  let left = checkWhole('limit', options.limit ?? Number.MAX_SAFE_INTEGER)
  let page = allPage(options, size)
  while (left > 0) {
    const limit = Math.min(size, left)
    const { rows, position } = await readPage(from, { ...page, limit })
    for (const row of rows) yield new RecordedEvent(row)
    if (rows.length < limit) return
    await breath()
    left -= rows.length
    page = { ...page, after: page.backwards ? (rows.at(-1)?.position ?? 0) : position }
  }
}

/** Lets others have a turn: a backend in the same thread answers at once, so a long read would keep the event loop to itself. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Nothing fits a list of no types or no streams; SQL has no word for such a list. */
async function readPage(from: DriverReader, page: AllPage): ReturnType<DriverReader['all']> {
  if (page.types?.length !== 0 && page.streams?.length !== 0) return from.all(page)
  return { rows: [], position: page.backwards ? 0 : Math.max(page.after, await from.head()) }
}

function allPage(options: ReadAllOptions, limit: number): AllPage {
  const { backwards = false, types, streams, tenant, archived = false } = options
  const after = checkWhole('position after', options.after ?? (backwards ? Number.MAX_SAFE_INTEGER : 0))
  return { after, limit, backwards, types, streams, tenant, archived }
}

function reader(open: () => AsyncGenerator<RecordedEvent>): EventReader {
  return {
    [Symbol.asyncIterator]: open,
    toArray: () => Array.fromAsync(open()),
  }
}

/** Names go into keys, logs and URLs. */
function checkStream(stream: string): string {
  return checkText('stream name', stream)
}

function checkEvent(event: EncodedEvent): EncodedEvent {
  checkText('event type', event.type)
  if (!uuid.test(event.id)) throw invalid('event id', event.id, 'a UUID in lower case')
  // As large as a 32-bit integer.
  if (event.version < 2 ** 31) checkWhole('event version', event.version, 1)
  else throw invalid('event version', event.version, 'less than 2147483648')
  return event
}
