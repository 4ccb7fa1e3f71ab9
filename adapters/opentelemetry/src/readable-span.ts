import type { SpanRecord } from 'tutti/telemetry'
import { createTraceState, SpanKind, SpanStatusCode, TraceFlags, type Attributes, type SpanContext } from './api.ts'
import type { Resource } from './resource.ts'
import { scope } from './scope.ts'
import type { ReadableSpan } from './span-pipe.ts'
import { hrTime } from './time.ts'

const kinds: Readonly<Record<SpanRecord['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}
const statuses: Readonly<Record<SpanRecord['status'], SpanStatusCode>> = {
  unset: SpanStatusCode.UNSET,
  ok: SpanStatusCode.OK,
  error: SpanStatusCode.ERROR,
}

/** Spans of these kinds continue what came from another process. */
const arrives: readonly SpanRecord['kind'][] = ['server', 'consumer']

/** A span of Tutti's as the SDK reads spans. */
export function readableSpan(span: SpanRecord, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentId, state } = span
  // A trace that is kept though it was not sampled at first, because it failed or was slow, is sampled now; the SDK sends no others.
  const traceFlags = span.flags | TraceFlags.SAMPLED
  const context: SpanContext = { traceId, spanId, traceFlags, ...(state !== undefined && { traceState: createTraceState(state) }) }
  return {
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => context,
    ...(parentId !== undefined && { parentSpanContext: { traceId, spanId: parentId, traceFlags, isRemote: arrives.includes(span.kind) } }),
    startTime: hrTime(span.start),
    endTime: hrTime(span.start + span.duration),
    duration: hrTime(span.duration),
    ended: true,
    status: { code: statuses[span.status], ...(span.statusMessage !== undefined && { message: span.statusMessage }) },
    attributes: given(span.attributes),
    links: span.links.map((link) => ({
      context: {
        traceId: link.traceId,
        spanId: link.spanId,
        traceFlags: link.flags,
        ...(link.state !== undefined && { traceState: createTraceState(link.state) }),
      },
    })),
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      time: hrTime(time),
      attributes: given(attributes),
      droppedAttributesCount: 0,
    })),
    resource,
    instrumentationScope: scope(span.scope),
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** Nearly always they are as they should be, and need not be copied. */
function given(attributes: SpanRecord['attributes']): Attributes {
  if (!Object.values(attributes).includes(undefined)) return attributes
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}
