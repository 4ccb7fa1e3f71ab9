import { OptionError, shown } from '../kernel/index.ts'
import { upcastData, type EventDefinition, type RecordedEvent } from '../message/index.ts'
import { definitionsOf, type ReadableSource } from './event-types.ts'

/** A function for one type of event. What it takes was checked where it was given. */
export type EventHandler = (event: never, ctx: never) => unknown

/** Functions for events. */
export interface EventHandlers {
  /** By the full names of their events. */
  readonly handlers: ReadonlyMap<string, EventHandler>
  /** The definitions of the events that have a handler. */
  readonly definitions: ReadonlyMap<string, EventDefinition>
}

/** Pairs functions with the definitions of their events. Throws `TUTTI_OPTION_INVALID` for one that is of no source. */
export function checkHandlers(of: string, from: readonly ReadableSource[], given: object): EventHandlers {
  const known = definitionsOf(from)
  const handlers = new Map<string, EventHandler>()
  const definitions = new Map<string, EventDefinition>()
  const entries: readonly (readonly [string, unknown])[] = Object.entries(given)
  for (const [type, handler] of entries) {
    const definition = known.get(type)
    if (definition === undefined || !isHandler(handler))
      throw new OptionError(
        `${of} received ${shown(handler)} for ${shown(type)}; wanted functions for events of its sources: ${[...known.keys()].join(', ')}.`,
      )
    handlers.set(type, handler)
    definitions.set(type, definition)
  }
  return { handlers, definitions }
}

function isHandler(value: unknown): value is EventHandler {
  return typeof value === 'function'
}

/** Calls what handles an event, with its data in the shape of its definition. */
export function handle<Context>({ handlers, definitions }: EventHandlers, event: RecordedEvent, ctx: Context): unknown {
  const definition = definitions.get(event.type)
  const handler = handlers.get(event.type)
  if (definition === undefined || handler === undefined) return undefined
  // The types of both were checked against each other where the handler was given.
  return (handler as (event: RecordedEvent, ctx: Context) => unknown)(current(event, definition), ctx)
}

/** The event with its data in the shape of its definition's version. */
function current(event: RecordedEvent, definition: EventDefinition): RecordedEvent {
  if (event.version === definition.version) return event
  return event.withData(upcastData(event.type, definition, event), definition.version)
}
