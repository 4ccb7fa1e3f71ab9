import type { InferInput, InferOutput } from '../schema/index.ts'
import type { NewEvent, RecordedEvent } from './envelope.ts'
import type { EventDefinition } from './event.ts'

/** A named event of an aggregate, such as `Order.events.placed`: called with data it makes an event; it also says what to read. */
export interface EventType<Type extends string = string, D extends EventDefinition = EventDefinition> {
  (data: InferInput<D['schema']>): NewEvent<InferOutput<D['schema']>, Type>
  /** The full name, such as `order.placed`. */
  readonly type: Type
  readonly definition: D
}

/** A named event, such as `Order.events.placed`, as those see it who read events. */
export interface ReadableEvent<Type extends string = string, D extends EventDefinition = EventDefinition> {
  readonly type: Type
  readonly definition: D
}

/** Where events come from: an aggregate, seen by those that read its events. */
export interface EventSource<
  Name extends string = string,
  Events extends Readonly<Record<string, EventDefinition>> = Readonly<Record<string, EventDefinition>>,
> {
  readonly name: Name
  /** Its events by their short names. */
  readonly events: { readonly [K in keyof Events & string]: EventType<`${Name}.${K}`, Events[K]> }
}

/** The events of sources by their full names, with the data as it arrives: what handlers of projections are keyed by. */
export type EventsOf<S> =
  S extends EventSource<infer Name, infer Events>
    ? { readonly [K in keyof Events & string as `${Name}.${K}`]: RecordedEvent<InferOutput<Events[K]['schema']>, `${Name}.${K}`> }
    : never
