import type { Loadable } from '../message/index.ts'
import type { Schema, Validated } from '../schema/index.ts'
import type { AggregateEvent } from './aggregate-event.ts'
import type { Rejection } from './rejection.ts'

/** What happens to events in a stream that the aggregate does not define. */
export type UnknownEvents = 'error' | 'skip'

/** When the state of an aggregate is saved, so that loading it need not begin with its first event. */
export interface SnapshotOptions {
  /** Saves after every so many events. */
  readonly every: number
  /** Checks what was saved when it is read; what does not fit is discarded. @default none */
  readonly schema?: Schema
  /** To be raised when the shape or the meaning of the state changes: what was saved under another version is discarded. @default 1 */
  readonly version?: number
}

/** An event as a stream holds it. */
export interface StoredEvent {
  readonly type: string
  readonly version: number
  readonly data: unknown
}

/** What a decision came to: events, maybe none, or a rejection. */
export type Decision = readonly AggregateEvent[] | Rejection

/** The rules of an aggregate, for whoever runs it: pure, without storage. */
export interface AggregateRules<State> extends Loadable<State> {
  readonly kind: 'aggregate'
  readonly name: string
  readonly snapshot: SnapshotOptions | undefined
  /** The stream of an aggregate: `order-42`. Throws a `ValidationError` for an id that cannot be one. */
  stream(id: string): string
  /** The state before the first event. */
  initial(): State
  /** The state behind an event, which is upcast before. Throws `TUTTI_EVENT_UNKNOWN` unless unknown events are skipped. */
  apply(state: State, event: StoredEvent): State
  /** Checks the data of a command. Throws `TUTTI_COMMAND_UNKNOWN` for one that the aggregate does not define. */
  validate(command: string, data: unknown): Validated<unknown> | Promise<Validated<unknown>>
  /** Decides a command whose data was validated. */
  handle(state: State, command: string, data: unknown): Decision
}
