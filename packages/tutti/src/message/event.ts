import { OptionError } from '../kernel/index.ts'
import { isSchema, type InferOutput, type Schema } from '../schema/index.ts'

/** Turns an event's data of one version into that of the next. */
export type Upcast = (data: never) => unknown

/** How an event is defined. */
export interface EventOptions {
  /** The version of the data's shape, stored with each event. @default 1 */
  readonly version?: number
  /** By version, what turns its data into that of the next one: `{ 1: (old) => … }` for version 2. Applied on every read. */
  readonly upcast?: Readonly<Record<number, Upcast>>
}

/** An event of an aggregate: the shape of its data, its version, and how older versions are read. */
export interface EventDefinition<S extends Schema = Schema> {
  readonly kind: 'event'
  readonly schema: S
  readonly version: number
  readonly upcast: Readonly<Record<number, Upcast>>
}

/** The data of an event as handlers get it. */
export type EventData<D> = D extends EventDefinition<infer S> ? InferOutput<S> : never

/** Defines an event. Throws `TUTTI_EVENT_INVALID` where the upcasts leave a gap up to `version`. */
export function event<const S extends Schema>(schema: S, { version = 1, upcast = {} }: EventOptions = {}): EventDefinition<S> {
  if (!isSchema(schema)) throw invalid('something that is not a schema; wanted any Standard Schema, such as z.object({ … })')
  if (!Number.isInteger(version) || version < 1) throw invalid(`the version ${String(version)}; wanted a whole number of 1 or more`)
  for (let from = 1; from < version; from++) {
    if (typeof upcast[from] !== 'function')
      throw invalid(
        `version ${version} without an upcast from version ${from}; wanted upcast: { ${from}: (old) => … } for every version before it`,
      )
  }
  for (const from of Object.keys(upcast))
    if (!/^[1-9]\d*$/.test(from) || Number(from) >= version)
      throw invalid(`an upcast from version ${from} with version ${version}; wanted upcasts from versions 1 to ${version - 1} alone`)
  return { kind: 'event', schema, version, upcast }
}

function invalid(received: string): OptionError {
  return new OptionError(`event received ${received}.`, { code: 'TUTTI_EVENT_INVALID' })
}
