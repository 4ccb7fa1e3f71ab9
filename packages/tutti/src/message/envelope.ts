import { currentContext, newId, type Actor, type Context, type TraceContext } from '../kernel/index.ts'
import { formatTraceparent, parseTraceparent } from '../observe/index.ts'
import { decode, encode, type Encoded, type TypeHints } from './codec.ts'

/** An event to be appended. */
export interface NewEvent<Data = unknown, Type extends string = string> {
  readonly type: Type
  readonly data: Data
  /** @default a new UUIDv7 */
  readonly id?: string
  /** The version of the data's shape. @default 1 */
  readonly version?: number
  /** Free facts beside the data. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The data as `encode` writes it, where that was done already. @default encoded when it is appended */
  readonly encoded?: Encoded
}

/** An event as stores write it: JSON texts. */
export interface EncodedEvent {
  readonly id: string
  readonly type: string
  readonly version: number
  readonly data: string
  readonly meta: string
}

/** An event as stores read it. */
export interface EventRow extends EncodedEvent {
  readonly position: number
  readonly stream: string
  readonly streamVersion: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly tenant: string | null
}

/** Everything about an event but its data and place, in short names because each event carries it. */
interface Meta {
  /** correlationId */
  readonly c?: string
  /** causationId */
  readonly k?: string
  /** traceparent */
  readonly t?: string
  readonly a?: Actor
  /** free metadata, and its hints */
  readonly m?: unknown
  readonly n?: TypeHints
  /** hints of the data */
  readonly h?: TypeHints
}

/** Writes an event for a store, with the context in which it happened. */
export function encodeEvent(event: NewEvent, context: Context | undefined = currentContext()): EncodedEvent {
  const { json, hints } = event.encoded ?? encode(event.data)
  const free = event.metadata === undefined ? undefined : encode(event.metadata)
  const meta: Meta = {
    ...(context && { c: context.correlationId, ...(context.causationId !== undefined && { k: context.causationId }) }),
    ...(context?.trace && { t: formatTraceparent(context.trace) }),
    ...(context?.actor && { a: context.actor }),
    ...(free && { m: JSON.parse(free.json) as unknown, ...(free.hints && { n: free.hints }) }),
    ...(hints && { h: hints }),
  }
  return { id: event.id ?? newId(), type: event.type, version: event.version ?? 1, data: json, meta: JSON.stringify(meta) }
}

/** An event as it was stored; its data and metadata are parsed when they are first read. */
export class RecordedEvent<Data = unknown, Type extends string = string> {
  /** UUIDv7; the same however often the event is delivered. */
  readonly id: string
  readonly type: Type
  /** The version of the data's shape. */
  readonly version: number
  readonly stream: string
  /** The place in the stream, from 1. */
  readonly streamVersion: number
  /** The place in the order of the whole store. */
  readonly position: number
  readonly time: Date
  readonly tenant: string | undefined
  readonly #json: string
  readonly #metaJson: string
  #data: unknown
  #decoded = false
  #meta: Meta | undefined

  constructor(row: EventRow) {
    this.id = row.id
    // The store gives back the type that was appended.
    this.type = row.type as Type
    this.version = row.version
    this.stream = row.stream
    this.streamVersion = row.streamVersion
    this.position = row.position
    this.time = new Date(row.time)
    this.tenant = row.tenant ?? undefined
    this.#json = row.data
    this.#metaJson = row.meta
  }

  get data(): Data {
    if (!this.#decoded) {
      // Hints are rare: the text tells cheaply whether there may be any.
      this.#data = decode(this.#json, this.#metaJson.includes('"h":') ? this.#read().h : undefined)
      this.#decoded = true
    }
    return this.#data as Data
  }

  get correlationId(): string | undefined {
    return this.#read().c
  }

  get causationId(): string | undefined {
    return this.#read().k
  }

  get trace(): TraceContext | undefined {
    return parseTraceparent(this.#read().t)
  }

  get actor(): Actor | undefined {
    return this.#read().a
  }

  get metadata(): Readonly<Record<string, unknown>> {
    const { m, n } = this.#read()
    return m === undefined ? {} : (decode(JSON.stringify(m), n) as Readonly<Record<string, unknown>>)
  }

  /** The same event with its data in another shape, such as that of a later version. */
  withData<Other>(data: Other, version: number): RecordedEvent<Other, Type> {
    const { id, type, stream, streamVersion, position } = this
    const row = { id, type, version, stream, streamVersion, position, time: this.time.getTime(), tenant: this.tenant ?? null }
    const event = new RecordedEvent<Other, Type>({ ...row, data: this.#json, meta: this.#metaJson })
    event.#data = data
    event.#decoded = true
    return event
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { id, type, version, stream, streamVersion, position, time, tenant, data, correlationId, causationId, actor, metadata } = this
    return { id, type, version, stream, streamVersion, position, time, tenant, correlationId, causationId, actor, metadata, data }
  }

  #read(): Meta {
    return (this.#meta ??= JSON.parse(this.#metaJson) as Meta)
  }
}
