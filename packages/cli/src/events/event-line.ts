import type { decode, encode, NewEvent, RecordedEvent } from 'tutti/storage'
import { CommandError } from '../command-error.ts'

interface Codec {
  readonly decode: typeof decode
  readonly encode: typeof encode
}

/** An event as one line of JSON, from which it can be appended again. */
export interface EventLine {
  readonly position?: number
  readonly stream: string
  readonly streamVersion: number
  readonly id: string
  readonly type: string
  readonly version: number
  readonly time?: string
  readonly tenant?: string
  readonly correlationId?: string
  readonly causationId?: string
  readonly actor?: RecordedEvent['actor']
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly data: unknown
  /** What JSON does not know of the data and metadata: dates, bigints and bytes. */
  readonly hints?: NonNullable<NewEvent['encoded']>['hints']
  readonly metadataHints?: NonNullable<NewEvent['encoded']>['hints']
}

/** Writes an event as a line. */
export function writeLine(event: RecordedEvent, { encode }: Codec): string {
  const { position, stream, streamVersion, id, type, version, time, tenant, correlationId, causationId, actor } = event
  const data = encode(event.data)
  const metadata = Object.keys(event.metadata).length === 0 ? undefined : encode(event.metadata)
  const line: EventLine = {
    position,
    stream,
    streamVersion,
    id,
    type,
    version,
    time: time.toISOString(),
    ...(tenant !== undefined && { tenant }),
    ...(correlationId !== undefined && { correlationId }),
    ...(causationId !== undefined && { causationId }),
    ...(actor && { actor }),
    ...(metadata && { metadata: JSON.parse(metadata.json) as Readonly<Record<string, unknown>> }),
    ...(metadata?.hints && { metadataHints: metadata.hints }),
    data: JSON.parse(data.json) as unknown,
    ...(data.hints && { hints: data.hints }),
  }
  return JSON.stringify(line)
}

/** Reads a line. Throws a `CommandError` that names it where it is none of an event. */
export function readLine(text: string, number: number): EventLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CommandError(`Line ${number} is not JSON: ${text.slice(0, 80)}`)
  }
  const wanted = { stream: 'string', streamVersion: 'number', id: 'string', type: 'string', version: 'number' } as const
  for (const [name, type] of Object.entries(wanted)) {
    const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
    if (typeof found !== type)
      throw new CommandError(
        `Line ${number} has ${JSON.stringify(found)} as ${name}; wanted a ${type}, as \`tutti events export\` writes it.`,
      )
  }
  if (!('data' in (value as object))) throw new CommandError(`Line ${number} has no data.`)
  return value as EventLine
}

/** The event of a line, to be appended. */
export function eventOf(line: EventLine, { decode }: Codec): NewEvent {
  const { id, type, version, data, hints, metadata, metadataHints } = line
  return {
    id,
    type,
    version,
    data: decode(JSON.stringify(data), hints),
    ...(metadata && { metadata: decode(JSON.stringify(metadata), metadataHints) as Readonly<Record<string, unknown>> }),
  }
}
