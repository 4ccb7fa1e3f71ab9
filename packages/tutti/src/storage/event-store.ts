import type { Duration } from '../kernel/index.ts'
import type { NewEvent, RecordedEvent } from '../message/index.ts'
import type { Expected } from './errors.ts'
import type { TransactionHandle } from './transaction-handle.ts'

/** How events are appended. */
export interface AppendOptions {
  /** @default 'any' */
  readonly expected?: Expected
  /** Makes the append idempotent within its stream: the same key again returns the first answer and writes nothing. */
  readonly key?: string
  /** Appends within a transaction. @default the one that is going on around the call, if any */
  readonly tx?: TransactionHandle
}

/** What an append did. */
export interface Appended {
  readonly stream: string
  /** The stream's version behind the last event. */
  readonly version: number
  /** The position of the last event. */
  readonly position: number
  /** Whether the key had been used before: then this is the first answer. */
  readonly duplicate: boolean
}

/** Which events of a stream are read. */
export interface ReadOptions {
  /** The first version to read; backwards the last one. @default the beginning, backwards the end */
  readonly from?: number
  /** The last version to read; backwards the first one. @default the end, backwards the beginning */
  readonly to?: number
  /** @default false */
  readonly backwards?: boolean
  /** @default no limit */
  readonly limit?: number
  /** How many events are fetched at a time. @default 500; a loop goes on with more of small events and fewer of large ones, on a server */
  readonly pageSize?: number
  /** Reads what a transaction sees. @default the one that is going on around the call, if any */
  readonly tx?: TransactionHandle
}

/** Which events of the whole store are read. */
export interface ReadAllOptions {
  /** Reads behind this position. @default 0, the beginning; backwards the end */
  readonly after?: number
  /** @default no limit */
  readonly limit?: number
  /** Only these types. @default all */
  readonly types?: readonly string[]
  /** Only streams whose names begin with one of these. @default all */
  readonly streams?: readonly string[]
  readonly tenant?: string
  /** Events of archived streams as well. @default false */
  readonly archived?: boolean
  /** From the newest to the oldest, below `after`. @default false */
  readonly backwards?: boolean
  /** How many events are fetched at a time. @default 500; a loop goes on with more of small events and fewer of large ones, on a server */
  readonly pageSize?: number
}

/** Events as they are read, page by page; memory stays flat however many there are. */
export interface EventReader extends AsyncIterable<RecordedEvent> {
  /** All of them. */
  toArray(): Promise<RecordedEvent[]>
}

/** Some events in the order of the store. */
export interface EventPage {
  readonly events: readonly RecordedEvent[]
  /** How far the reader has come: no event at or below this will ever appear that was not in this or an earlier page. */
  readonly position: number
}

/** What is known of a stream. */
export interface StreamInfo {
  readonly stream: string
  readonly version: number
  /** The version of the first event that is still there. */
  readonly first: number
  readonly archived: boolean
  readonly tombstoned: boolean
}

/** Which streams are listed: in the order of their names. */
export interface StreamsOptions {
  /** Only those whose names begin like that. @default all */
  readonly prefix?: string
  /** Behind this name. @default from the first on */
  readonly after?: string
  /** @default 100 */
  readonly limit?: number
}

/**
 * Events in streams, in one order over all of them. A reader that has passed a position never sees an event appear at or below it
 * later, and sees the events of a stream in the order of their versions; positions may have holes.
 */
export interface EventStore {
  /** Appends events, all or none. Throws `TUTTI_STREAM_CONFLICT`, and writes nothing, where the stream is not as expected. */
  append(stream: string, events: readonly NewEvent[], options?: AppendOptions): Promise<Appended>
  /** What an append with this key was answered; `undefined` where none has been made. Writes nothing. */
  answered(stream: string, key: string): Promise<Appended | undefined>
  read(stream: string, options?: ReadOptions): EventReader
  readAll(options?: ReadAllOptions): EventReader
  /** One page of `readAll`, with how far it reaches: for readers that keep a checkpoint. */
  page(options?: ReadAllOptions): Promise<EventPage>
  /** What is known of a stream; `undefined` where it has never existed. */
  info(stream: string): Promise<StreamInfo | undefined>
  /** Streams in the order of their names, those that are archived or deleted for ever as well. */
  streams(options?: StreamsOptions): Promise<readonly StreamInfo[]>
  /** The position behind which nothing is there yet. */
  head(): Promise<number>
  /** Deletes the events of a stream before a version; the stream keeps its version. */
  truncate(stream: string, before: number): Promise<void>
  /** Hides a stream from `readAll` and refuses appends, or brings it back. */
  archive(stream: string, archived?: boolean): Promise<void>
  /** Deletes a stream's events for ever and refuses appends. */
  tombstone(stream: string): Promise<void>
  /** Forgets idempotency keys that are older. Resolves with how many. */
  forgetKeys(olderThan: Duration): Promise<number>
  /** Calls back soon after events were appended, by any process where the backend tells. Polling must stand behind it. */
  onAppend(listener: () => void): Disposable
}
