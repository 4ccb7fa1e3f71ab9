import { OptionError, shown } from '../kernel/index.ts'
import type { EventData, EventDefinition, ReadableEvent, RecordedEvent } from '../message/index.ts'
import type { WorkflowSettings } from './workflow-settings.ts'

/** An event that starts runs of a workflow, and with what. */
export interface EventStart<Input = unknown> extends ReadableEvent {
  /** What a run is started with. */
  startWith(event: RecordedEvent): Input
  /** The id of the run; `undefined` where the event starts none. @default what the workflow says */
  startAs?(event: RecordedEvent): string | undefined
}

/** How an event starts a run. */
export interface EventStartOptions<D extends EventDefinition, Input> {
  /** What the run is started with. */
  input(event: RecordedEvent<EventData<D>>): Input
  /** The id of the run: events with the same one start one run; `undefined` where the event starts none. @default the `key` of the workflow */
  key?(event: RecordedEvent<EventData<D>>): string | undefined
}

/**
 * An event that starts runs with more than its data:
 * `from: [eventStart(Order.events.placed, { input: (event) => ({ order: event.stream, total: event.data.total }) })]`.
 */
export function eventStart<D extends EventDefinition, Input>(
  event: ReadableEvent<string, D>,
  { input, key }: EventStartOptions<D, Input>,
): EventStart<Input> {
  const received: Partial<ReadableEvent> | undefined = event
  if (typeof received?.type !== 'string')
    throw new OptionError(`eventStart received ${shown(event)}; wanted an event of an aggregate, such as Order.events.placed.`)
  if (typeof input !== 'function')
    throw new OptionError(`eventStart of ${event.type} received the input ${shown(input)}; wanted a function that gives the run's input.`)
  // Only events of that type come to it.
  const { type, definition } = event
  const startWith = input as EventStart<Input>['startWith']
  return { type, definition, startWith, ...(key && { startAs: key as NonNullable<EventStart['startAs']> }) }
}

/** The run of a workflow that an event starts; `undefined` where it starts none. */
export function startedBy(
  { from, settings }: { readonly from: readonly ReadableEvent[]; readonly settings: Pick<WorkflowSettings, 'key'> },
  event: RecordedEvent,
): { readonly id: string; readonly input: unknown } | undefined {
  const start: ReadableEvent | EventStart | undefined = from.find(({ type }) => type === event.type)
  if (start === undefined) return undefined
  if (!isEventStart(start)) return { id: settings.key(event), input: event.data }
  const id = start.startAs === undefined ? settings.key(event) : start.startAs(event)
  return id === undefined ? undefined : { id, input: start.startWith(event) }
}

function isEventStart(event: ReadableEvent): event is EventStart {
  return 'startWith' in event
}
