import type { Actor, Context, TraceContext } from '../kernel/index.ts'
import { decode, encode, type TypeHints } from '../message/index.ts'
import { formatTraceparent, parseTraceparent } from '../observe/index.ts'
import type { Delivery, OutgoingMessage } from './broker.ts'
import { isJson, readEvent, textOf, writeEvent, type CloudEvent } from './cloud-event.ts'
import { unreadable } from './errors.ts'
import type { Topic } from './topic.ts'

/** A message as it arrived; its data is apart. */
export interface ReceivedMessage {
  /** The same however often it is delivered. */
  readonly id: string
  readonly topic: string
  readonly key: string | undefined
  /** The CloudEvents type. */
  readonly type: string
  /** The service that it comes from. */
  readonly source: string
  readonly subject: string | undefined
  /** When it was made, as its publisher says. */
  readonly time: Date | undefined
  /** The publisher's own headers. */
  readonly headers: Readonly<Record<string, string>>
  /** CloudEvents attributes beyond the standard ones, in lower case. */
  readonly extensions: Readonly<Record<string, string>>
  readonly correlationId: string
  readonly causationId: string | undefined
  readonly tenant: string | undefined
  readonly actor: Actor | undefined
  readonly trace: TraceContext | undefined
  /** How often it was handed out, this time included, as far as the broker counts. */
  readonly deliveries: number
}

/** What a message is written from. */
export interface MessageParts {
  readonly topic: Topic
  /** As its schema gives it. */
  readonly data: unknown
  readonly id: string
  readonly key: string | undefined
  readonly subject: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly delay: number
  /** The service that publishes. */
  readonly source: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly context: Context | undefined
  readonly trace: TraceContext | undefined
  readonly prefix: string | undefined
}

/** Writes a message as brokers carry it: a CloudEvent. Bytes go as they are, everything else as JSON. */
export function writeMessage(parts: MessageParts): OutgoingMessage {
  const { topic, data, id, key, subject, headers, delay, source, time, context, trace, prefix } = parts
  const isBytes = data instanceof Uint8Array
  const { json, hints } = isBytes ? { json: '', hints: undefined } : encode(data)
  const extensions: Record<string, string> = { correlationid: context?.correlationId ?? id }
  if (key !== undefined) extensions['partitionkey'] = key
  if (context?.causationId !== undefined) extensions['causationid'] = context.causationId
  if (context?.tenant !== undefined) extensions['tenant'] = context.tenant
  if (context?.actor !== undefined) extensions['actorid'] = context.actor.id
  if (context?.actor?.kind !== undefined) extensions['actorkind'] = context.actor.kind
  if (trace !== undefined) {
    extensions['traceparent'] = formatTraceparent(trace)
    if (trace.state !== undefined) extensions['tracestate'] = trace.state
  }
  if (hints !== undefined) extensions['tuttihints'] = JSON.stringify(hints)
  const event: CloudEvent = {
    id,
    source,
    type: topic.type,
    time: new Date(time).toISOString(),
    ...(subject !== undefined && { subject }),
    ...(isBytes && { datacontenttype: 'application/octet-stream' }),
    data: isBytes ? data : json,
    extensions,
  }
  return { id, key, delay, ...writeEvent(event, { mode: topic.mode, prefix, headers }) }
}

/** Reads a message and its data, unchecked. Throws `TUTTI_MESSAGE_UNREADABLE`. */
export function readMessage(topic: string, delivery: Delivery): { readonly message: ReceivedMessage; readonly data: unknown } {
  const event = readEvent(delivery.headers, delivery.body)
  const { id, type, source, subject, time, extensions } = event
  const { partitionkey, correlationid, causationid, tenant, actorid, actorkind, traceparent, tracestate, tuttihints } = extensions
  const own: Record<string, string> = {}
  for (const name in delivery.headers) if (!isReservedHeader(name)) own[name] = delivery.headers[name] ?? ''
  const message: ReceivedMessage = {
    id,
    topic,
    type,
    source,
    subject,
    extensions,
    key: delivery.key ?? partitionkey,
    time: time === undefined || Number.isNaN(Date.parse(time)) ? undefined : new Date(time),
    headers: own,
    correlationId: correlationid ?? id,
    causationId: causationid,
    tenant,
    actor: actorid === undefined ? undefined : { id: actorid, ...(actorkind !== undefined && { kind: actorkind }) },
    // Publishers that do not know the extension may use the header of W3C Trace Context itself.
    trace: parseTraceparent(traceparent ?? delivery.headers['traceparent'], tracestate ?? delivery.headers['tracestate']),
    deliveries: delivery.deliveries,
  }
  return { message, data: readData(event, tuttihints) }
}

/** Whether a header belongs to the envelope. */
export function isReservedHeader(name: string): boolean {
  return name === 'content-type' || /^(?:ce[-_]|cloudevents[:_])/.test(name)
}

function readData({ data, datacontenttype }: CloudEvent, hints: string | undefined): unknown {
  if (isJson(datacontenttype)) {
    try {
      return decode(textOf(data), hints === undefined ? undefined : (JSON.parse(hints) as TypeHints))
    } catch (cause) {
      throw unreadable('its data is not JSON, though its content type says so', cause)
    }
  }
  if (datacontenttype?.startsWith('text/') === true) return textOf(data)
  return typeof data === 'string' ? new TextEncoder().encode(data) : data
}
