import { currentContext, milliseconds, type Clock, type Duration } from '../kernel/index.ts'
import { encodeEvent, RecordedEvent, type EncodedEvent, type EventRow, type NewEvent } from '../message/index.ts'
import { checkOptionalText, checkText, checkWhole, invalid } from './checks.ts'
import { expectedNumber, resultsOf } from './conflicts.ts'
import type { AllPage, DriverReader, Unit, UnitResult, WriteResult } from './driver.ts'
import { StorageError } from './errors.ts'
import { eventReader, type EventPages } from './event-reader.ts'
import type { AppendOptions, Appended, EventPage, EventStore, ReadAllOptions, ReadOptions, StreamInfo } from './event-store.ts'
import { observedAppend } from './observed-appends.ts'
import type { TransactionHandle } from './transaction-handle.ts'

/** Where reads and writes of a call go: to the storage itself, or to a transaction. */
export interface Route {
  readonly reader: DriverReader
  write(unit: Unit): Promise<UnitResult>
  /**
   * Whether readers fetch more than they were asked for yet. It gains nothing where the backend is in the same thread, and in a transaction
   * the next page may depend on what is done with this one.
   * @default false
   */
  readonly ahead?: boolean
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
      return observedAppend(stream, events, () => append({ stream, events, options }, route(options.tx), clock.now()))
    },
    answered: (stream, key) => answered(route(undefined), { stream: checkStream(stream), key, time: clock.now() }),
    // What is read is decided here: the loop over the events may be somewhere else.
    read(stream, options = {}) {
      const from = route(options.tx)
      return eventReader(() => streamPages(stream, options, from))
    },
    readAll(options = {}) {
      const from = route(undefined)
      return eventReader(() => allPages(options, from))
    },
    page,
    async info(stream): Promise<StreamInfo | undefined> {
      const state = await route(undefined).reader.streamState(checkStream(stream))
      return state && { stream, ...state }
    },
    async streams({ prefix = '', after, limit = 100 } = {}) {
      checkOptionalText('prefix', prefix === '' ? undefined : prefix)
      checkOptionalText('stream name', after)
      return route(undefined).reader.streams({ prefix, after, limit: checkWhole('limit', limit, 1) })
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

function streamPages(stream: string, options: ReadOptions, { reader, ahead = false }: Route): EventPages {
  checkStream(stream)
  const { backwards = false } = options
  const last = checkWhole('version to', options.to ?? (backwards ? 1 : Number.MAX_SAFE_INTEGER))
  const first = checkWhole('version from', options.from ?? (backwards ? Number.MAX_SAFE_INTEGER : 1))
  const within = (version: number): number | undefined => {
    return (backwards ? version >= last && version >= 1 : version <= last) ? version : undefined
  }
  const step = backwards ? -1 : 1
  return {
    ...sizes(options, ahead),
    first: within(first),
    read: (from, limit) => reader.stream(stream, { from, to: last, backwards, limit }),
    behind: ({ streamVersion }) => within(streamVersion + step),
    ifDense: (version, count) => within(version + step * count),
  }
}

function allPages(options: ReadAllOptions, { reader, ahead = false }: Route): EventPages {
  const { backwards = false } = options
  const whole = allPage(options, 1)
  return {
    ...sizes(options, ahead),
    first: whole.after,
    read: async (after, limit) => (await readPage(reader, { ...whole, after, limit })).rows,
    behind: ({ position }) => position,
    ifDense: (after, count) => (!backwards ? after + count : after > count ? after - count : undefined),
  }
}

function sizes(
  { limit, pageSize }: ReadOptions | ReadAllOptions,
  ahead: boolean,
): Pick<EventPages, 'limit' | 'size' | 'nextSize' | 'ahead'> {
  const size = checkWhole('page size', pageSize ?? defaultPageSize, 1)
  const nextSize = ahead && pageSize === undefined ? grown : () => size
  return { limit: checkWhole('limit', limit ?? Number.MAX_SAFE_INTEGER), size, nextSize, ahead }
}

/** How many events to read next: asking takes as long as hundreds of small ones, while few large ones fill the memory. */
function grown(rows: readonly EventRow[]): number {
  let size = 0
  for (const { data, meta } of rows) size += 200 + data.length + meta.length
  return Math.max(1, Math.min(2 * rows.length, 2000, Math.floor((1_000_000 * rows.length) / size)))
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
