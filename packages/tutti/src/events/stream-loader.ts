import type { RecordedEvent } from '../message/index.ts'
import { StorageError, type Storage, type StreamInfo } from '../storage/index.ts'
import type { AggregateRules } from './aggregate-rules.ts'
import { AggregateError } from './errors.ts'
import type { HeldState } from './held-state.ts'
import type { RepositoryMetrics } from './repository-metrics.ts'
import type { Snapshots } from './snapshots.ts'

/** Up to where events are read. */
export interface LoadBounds {
  readonly version?: number
  /** Milliseconds since 1970. */
  readonly time?: number
}

/** Builds states from the events of streams. */
export class StreamLoader {
  readonly #storage: Storage
  readonly #snapshots: Snapshots
  readonly #metrics: RepositoryMetrics

  constructor(storage: Storage, { snapshots, metrics }: { readonly snapshots: Snapshots; readonly metrics: RepositoryMetrics }) {
    this.#storage = storage
    this.#snapshots = snapshots
    this.#metrics = metrics
  }

  /**
   * The state of a stream, from a snapshot where there is one that fits. Version 0 means that no events were found; only `recheck` tells
   * why.
   */
  async load<State>(aggregate: AggregateRules<State>, stream: string, bounds: LoadBounds = {}): Promise<HeldState<State>> {
    const snapshot = aggregate.snapshot === undefined ? undefined : await this.#snapshots.read(aggregate, stream)
    if (snapshot !== undefined && snapshot.version <= (bounds.version ?? Infinity)) {
      const caughtUp = await this.catchUp(snapshot, bounds)
      if (caughtUp !== undefined) return caughtUp
    }
    const nothing: HeldState<State> = { aggregate, stream, state: aggregate.initial(), version: 0, position: 0, eventId: '' }
    const loaded = await this.#replay(nothing, this.#storage.events.read(stream, to(bounds)), bounds)
    // A long replay that a snapshot would have spared is not to be done twice.
    if (bounds.version === undefined && bounds.time === undefined) this.#snapshots.offer(loaded, 0)
    return loaded
  }

  /** A state with the events that have come since: the same object where none have, `undefined` where the stream is not the one it is of. */
  async catchUp<State>(held: HeldState<State>, bounds: LoadBounds = {}): Promise<HeldState<State> | undefined> {
    // The last event that it has is read again: it tells whether this is still the same stream.
    const reader = this.#storage.events.read(held.stream, { from: held.version, ...to(bounds) })[Symbol.asyncIterator]()
    const first = await reader.next()
    if (first.done === true) return this.#endsAt(held)
    const rest: AsyncIterable<RecordedEvent> = { [Symbol.asyncIterator]: () => reader }
    if (first.value.streamVersion === held.version) {
      const same = first.value.id === held.eventId && first.value.time.getTime() <= (bounds.time ?? Infinity)
      if (same) return this.#replay(held, rest, bounds)
    } else if (first.value.streamVersion === held.version + 1) {
      // Everything up to the state was truncated, so there is nothing to compare with.
      return this.#replay(held, prepend(first.value, rest), bounds)
    }
    await reader.return?.()
    return undefined
  }

  /** What is there now of a stream of which no events were found. Throws where it was truncated or tombstoned. */
  async recheck<State>(empty: HeldState<State>): Promise<HeldState<State>> {
    const { aggregate, stream } = empty
    const info = await this.#storage.events.info(stream)
    if (info === undefined || info.version === 0) return empty
    if (info.tombstoned) throw tombstoned(stream)
    const loaded = await this.load(aggregate, stream)
    if (loaded.version === 0) throw truncated(stream, info)
    return loaded
  }

  /** Whether a state is the last of a stream of which no event at its version is left. */
  async #endsAt<State>(held: HeldState<State>): Promise<HeldState<State> | undefined> {
    const info = await this.#storage.events.info(held.stream)
    return info !== undefined && !info.tombstoned && info.version === held.version && info.first === held.version + 1 ? held : undefined
  }

  async #replay<State>(from: HeldState<State>, events: AsyncIterable<RecordedEvent>, { time }: LoadBounds): Promise<HeldState<State>> {
    const { aggregate, stream } = from
    let { state, version, position, eventId } = from
    for await (const event of events) {
      if (event.streamVersion !== version + 1) throw truncated(stream, { version: event.streamVersion, first: event.streamVersion })
      if (time !== undefined && event.time.getTime() > time) break
      state = aggregate.apply(state, event)
      version = event.streamVersion
      position = event.position
      eventId = event.id
    }
    if (version === from.version) return from
    this.#metrics.replayed(aggregate.name, version - from.version)
    return { aggregate, stream, state, version, position, eventId }
  }
}

function to({ version }: LoadBounds): { readonly to?: number } {
  return version === undefined ? {} : { to: version }
}

async function* prepend(first: RecordedEvent, rest: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent> {
  yield first
  yield* rest
}

function tombstoned(stream: string): StorageError {
  return new StorageError('TUTTI_STREAM_TOMBSTONED', `The stream ${JSON.stringify(stream)} was deleted for ever; use another name.`, {
    status: 410,
    details: { stream },
  })
}

function truncated(stream: string, { version, first }: Pick<StreamInfo, 'version' | 'first'>): AggregateError {
  return new AggregateError(
    'TUTTI_STREAM_TRUNCATED',
    `The events of ${JSON.stringify(stream)} before version ${first} are gone, and no snapshot stands in for them; wanted all events, or a snapshot of version ${first - 1} or later.`,
    { details: { stream, version, first } },
  )
}
