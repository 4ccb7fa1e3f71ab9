import type { EventDefinition, ReadableEvent, RecordedEvent } from '../message/index.ts'
import type { InferOutput } from '../schema/index.ts'

/** Where events come from, such as an aggregate. */
export interface ReadableSource {
  readonly name: string
  readonly events: Readonly<Record<string, ReadableEvent>>
}

/** The events of sources and of single event types, as handlers get them: a union that `type` tells apart. */
export type EventFrom<S> = S extends ReadableSource
  ? Recorded<S['events'][keyof S['events']]>
  : S extends ReadableEvent
    ? Recorded<S>
    : never

type Recorded<E> = E extends ReadableEvent<infer Type, infer D> ? RecordedEvent<InferOutput<D['schema']>, Type> : never

/** A function for each event that is of interest, by its full name. */
export type HandlersFor<S, Context, Result> = {
  readonly [Type in EventFrom<S>['type']]?: (event: Extract<EventFrom<S>, { readonly type: Type }>, ctx: Context) => Result
}

/** The definitions of events by their full names. */
export function definitionsOf(from: readonly (ReadableSource | ReadableEvent)[]): ReadonlyMap<string, EventDefinition> {
  const events = from.flatMap((source) => ('events' in source ? Object.values(source.events) : [source]))
  return new Map(events.map(({ type, definition }) => [type, definition]))
}
