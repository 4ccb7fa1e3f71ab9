import { OptionError, shown } from '../kernel/index.ts'
import type { EventData, EventDefinition, ReadableEvent, RecordedEvent } from '../message/index.ts'
import { isSchema, type InferInput, type InferOutput, type Schema } from '../schema/index.ts'

/** A signal that an event sends to the run that it concerns. */
export interface EventSignal<D extends EventDefinition = EventDefinition> {
  readonly kind: 'event-signal'
  readonly event: ReadableEvent<string, D>
  /** The id of the run that it concerns; `undefined` where there is none. */
  run(event: RecordedEvent<EventData<D>>): string | undefined
}

/** Where the signals of a workflow come from: a schema where somebody sends them, or an event. */
export type SignalSources = Readonly<Record<string, Schema | EventSignal>>

/** What a run gets of a signal. */
export type SignalData<S> = S extends EventSignal<infer D> ? EventData<D> : S extends Schema ? InferOutput<S> : never

/** What is sent as a signal. */
export type SignalInput<S> = S extends EventSignal<infer D> ? InferInput<D['schema']> : S extends Schema ? InferInput<S> : never

/** A signal of a workflow that an event sends: `signals: { paid: eventSignal(Order.events.paid, (event) => event.stream) }`. */
export function eventSignal<D extends EventDefinition>(
  event: ReadableEvent<string, D>,
  run: (event: RecordedEvent<EventData<D>>) => string | undefined,
): EventSignal<D> {
  const received: Partial<ReadableEvent> | undefined = event
  if (typeof received?.type !== 'string')
    throw new OptionError(`eventSignal received ${shown(event)}; wanted an event of an aggregate, such as Order.events.paid.`)
  if (typeof run !== 'function')
    throw new OptionError(`eventSignal of ${event.type} received ${shown(run)}; wanted a function that gives the id of the run.`)
  return { kind: 'event-signal', event, run }
}

/** The schema of what is sent. */
export function schemaOf(source: Schema | EventSignal): Schema {
  return isSchema(source) ? source : source.event.definition.schema
}

/** Whether something is given as a signal that can be one. */
export function isSignalSource(source: unknown): source is Schema | EventSignal {
  return isSchema(source) || (typeof source === 'object' && source !== null && 'kind' in source && source.kind === 'event-signal')
}
