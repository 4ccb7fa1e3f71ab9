import type { MessageBody, OutgoingMessage } from './broker.ts'
import { unreadable } from './errors.ts'

/** Where what describes a message is: in headers beside the data, or in one JSON text together with it. */
export type EventMode = 'binary' | 'structured'

/** A CloudEvent 1.0: what a message is on its way between services, whoever wrote it. */
export interface CloudEvent {
  readonly id: string
  /** The service that it comes from. */
  readonly source: string
  readonly type: string
  /** ISO 8601. */
  readonly time?: string
  readonly subject?: string
  /** @default 'application/json' */
  readonly datacontenttype?: string
  /** The data as JSON text, as other text, or as bytes, as `datacontenttype` says. */
  readonly data: MessageBody
  /** Extension attributes: names of lower-case letters and digits. */
  readonly extensions: Readonly<Record<string, string>>
}

const json = 'application/json'
const structuredType = 'application/cloudevents+json'
/** The prefixes of attributes in headers, as the bindings of HTTP and NATS, Kafka and AMQP have them. */
const prefixes = ['ce-', 'ce_', 'cloudevents:', 'cloudevents_']
const attributes: ReadonlySet<string> = new Set(['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'dataschema'])

/** Writes an event as the headers and body of a message, beside headers of the caller's own. */
export function writeEvent(
  event: CloudEvent,
  {
    mode,
    prefix = 'ce-',
    headers,
  }: { readonly mode: EventMode; readonly prefix?: string | undefined; readonly headers: Readonly<Record<string, string>> },
): Pick<OutgoingMessage, 'headers' | 'body'> {
  const { data, extensions, datacontenttype = json, ...named } = event
  if (mode === 'structured') {
    const head = JSON.stringify({ specversion: '1.0', ...named, datacontenttype, ...extensions })
    return {
      headers: { ...headers, 'content-type': structuredType },
      body: `${head.slice(0, -1)},${structuredData(data, datacontenttype)}}`,
    }
  }
  const all: Record<string, string> = { ...headers, 'content-type': datacontenttype, [`${prefix}specversion`]: '1.0' }
  for (const name in named) all[prefix + name] = named[name as keyof typeof named] ?? ''
  for (const name in extensions) all[prefix + name] = extensions[name] ?? ''
  return { headers: all, body: data }
}

/** A message with other data, a JSON text, and everything else as it was. Throws `TUTTI_MESSAGE_UNREADABLE` for one that cannot be read. */
export function withData(
  { headers, body }: Pick<OutgoingMessage, 'headers' | 'body'>,
  data: string,
): Pick<OutgoingMessage, 'headers' | 'body'> {
  const isStructured = headers['content-type']?.startsWith(structuredType) === true
  if (!isStructured) return { headers: { ...headers, 'content-type': json }, body: data }
  return writeEvent({ ...readEvent(headers, body), data, datacontenttype: json }, { mode: 'structured', headers })
}

/** Reads an event in either mode. Throws `TUTTI_MESSAGE_UNREADABLE` for what is none. */
export function readEvent(headers: Readonly<Record<string, string>>, body: MessageBody): CloudEvent {
  const type = headers['content-type'] ?? ''
  if (type.startsWith(structuredType)) return readStructured(textOf(body))
  if (type.startsWith('application/cloudevents')) throw unreadable(`its content type is ${type}, which is not read here`)
  return readBinary(headers, body, type)
}

/** Whether a content type says JSON. */
export function isJson(contentType: string | undefined): boolean {
  return contentType === undefined || /^(?:application|text)\/(?:[\w.-]+\+)?json(?:$|;|\s)/i.test(contentType)
}

/** A body as text. */
export function textOf(body: MessageBody): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

function structuredData(data: MessageBody, contentType: string): string {
  if (typeof data !== 'string') return `"data_base64":${JSON.stringify(Buffer.from(data).toString('base64'))}`
  return `"data":${isJson(contentType) ? data : JSON.stringify(data)}`
}

function readBinary(headers: Readonly<Record<string, string>>, body: MessageBody, contentType: string): CloudEvent {
  const found: Record<string, string> = {}
  for (const name in headers) {
    const prefix = prefixes.find((one) => name.startsWith(one))
    if (prefix !== undefined) found[name.slice(prefix.length)] = headers[name] ?? ''
  }
  return { ...named(found), data: body, ...(contentType !== '' && { datacontenttype: contentType }) }
}

function readStructured(text: string): CloudEvent {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch (cause) {
    throw unreadable('its body is not JSON, though its content type says so', cause)
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw unreadable('its body is no JSON object')
  const { data, data_base64: base64, datacontenttype, ...rest } = event as Record<string, unknown>
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(rest))
    if (typeof value === 'string') found[name] = value
    else if (typeof value === 'number' || typeof value === 'boolean') found[name] = String(value)
  const contentType = typeof datacontenttype === 'string' ? datacontenttype : undefined
  const asText = typeof data === 'string' && !isJson(contentType) ? data : JSON.stringify(data ?? null)
  return {
    ...named(found),
    data: typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : asText,
    ...(contentType !== undefined && { datacontenttype: contentType }),
  }
}

function named(found: Readonly<Record<string, string>>): Omit<CloudEvent, 'data' | 'datacontenttype'> {
  const { specversion, id, source, type, time, subject } = found
  if (specversion === undefined) throw unreadable('it is no CloudEvent: nothing gives its specversion')
  if (!specversion.startsWith('1.')) throw unreadable(`it is a CloudEvent of version ${specversion}; wanted 1.0`)
  if (!id || !source || !type) throw unreadable(`the CloudEvent lacks its ${!id ? 'id' : source ? 'type' : 'source'}`)
  const extensions: Record<string, string> = {}
  for (const name in found) if (!attributes.has(name)) extensions[name] = found[name] ?? ''
  return { id, source, type, extensions, ...(time !== undefined && { time }), ...(subject !== undefined && { subject }) }
}
