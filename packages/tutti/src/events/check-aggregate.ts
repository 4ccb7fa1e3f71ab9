import { shown } from '../kernel/index.ts'
import { isSchema } from '../schema/index.ts'
import type { SnapshotOptions, UnknownEvents } from './aggregate-rules.ts'
import { AggregateError } from './errors.ts'

const longestName = 100

/** Checks what `aggregate` was given. */
export function checkAggregate(
  name: string,
  options: {
    readonly events: object
    readonly commands: object
    readonly initial: unknown
    readonly snapshot?: SnapshotOptions
    readonly unknownEvents?: UnknownEvents
  },
): void {
  // A dash would make the streams of "order" with the id "item-1" those of "order-item" with the id "1".
  if (typeof name !== 'string' || name.length > longestName || !/^[A-Za-z][\w.]*$/.test(name))
    throw invalid(
      `aggregate received the name ${shown(name)}; wanted a letter, then letters, digits, dots and underscores, such as "order".`,
    )
  for (const [key, definition] of Object.entries(options.events)) {
    checkKey(`the event ${shown(key)} of ${name}`, key)
    if (!isEventDefinition(definition))
      throw invalid(`The event ${name}.${key} is ${shown(definition)}; wanted an event definition, such as event(z.object({ … })).`)
  }
  for (const [key, schema] of Object.entries(options.commands)) {
    checkKey(`the command ${shown(key)} of ${name}`, key)
    if (!isSchema(schema)) throw invalid(`The command ${name}.${key} is ${shown(schema)}; wanted a schema, such as z.object({ … }).`)
  }
  if (typeof options.initial !== 'function')
    throw invalid(`${name}.initial is ${shown(options.initial)}; wanted a function that gives the state before the first event.`)
  if (options.unknownEvents !== undefined && options.unknownEvents !== 'error' && options.unknownEvents !== 'skip')
    throw invalid(`${name}.unknownEvents is ${shown(options.unknownEvents)}; wanted "error" or "skip".`)
  if (options.snapshot !== undefined) checkSnapshot(name, options.snapshot)
}

/** Checks that there is a function for each member of `wanted`, and none beside. */
export function checkHandlers(
  of: string,
  kind: 'events' | 'commands',
  { wanted, given }: { readonly wanted: object; readonly given: object },
): void {
  const missing = Object.keys(wanted).filter((key) => !Object.hasOwn(given, key) || typeof Reflect.get(given, key) !== 'function')
  const surplus = Object.keys(given).filter((key) => !Object.hasOwn(wanted, key))
  if (missing.length > 0) throw invalid(`${of} has no function for ${missing.join(', ')}; wanted one for each of the ${kind}.`)
  if (surplus.length > 0) throw invalid(`${of} has a function for ${surplus.join(', ')}, which ${kind} does not define; remove it.`)
}

function checkSnapshot(name: string, { every, schema, version = 1 }: SnapshotOptions): void {
  if (!Number.isSafeInteger(every) || every < 1)
    throw invalid(`${name}.snapshot.every is ${shown(every)}; wanted a whole number of events of 1 or more.`)
  if (!Number.isSafeInteger(version) || version < 1)
    throw invalid(`${name}.snapshot.version is ${shown(version)}; wanted a whole number of 1 or more.`)
  if (schema !== undefined && !isSchema(schema)) throw invalid(`${name}.snapshot.schema is ${shown(schema)}; wanted a schema of the state.`)
}

function checkKey(what: string, key: string): void {
  if (key.length > longestName || !/^[A-Za-z]\w*$/.test(key))
    throw invalid(`aggregate received ${what}; wanted a name of a letter, then letters, digits and underscores.`)
}

function isEventDefinition(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'event' && 'schema' in value
}

function invalid(message: string): AggregateError {
  return new AggregateError('TUTTI_AGGREGATE_INVALID', message)
}
