import type { TraceContext } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import { payloadOf, type NamedSpan, type Tracer } from '../observe/index.ts'

/** Up to which age in milliseconds the handling of an event goes on with the trace of the event; later it is another one, which points to it. */
const freshness = 60_000
/** Enough for any picture of where a batch comes from. */
const mostLinks = 128

/** The span in which a projection handles events; a single one that has just happened goes on with its trace. */
export function batchSpan(name: string, events: readonly RecordedEvent[], now: number): NamedSpan {
  const only = events.length === 1 ? events[0] : undefined
  return {
    name: `project ${name}`,
    kind: 'consumer',
    ...placeOf(only, now),
    // Asked for where the span is kept: it means reading what stands beside each event.
    get links() {
      return only !== undefined && isFresh(only, now) ? [] : linksTo(events)
    },
    describe: () => ({
      attributes: {
        'tutti.projection': name,
        'tutti.event.count': events.length,
        'tutti.event.types': [...new Set(events.map(({ type }) => type))],
        'tutti.position': events.at(-1)?.position,
      },
    }),
  }
}

/** The span in which a subscription handles an event. */
export function eventSpan(
  tracer: Tracer,
  { subscription, event, attempt, now }: { subscription: string; event: RecordedEvent; attempt: number; now: number },
): NamedSpan {
  return {
    name: `handle ${subscription}`,
    kind: 'consumer',
    ...placeOf(event, now),
    get links() {
      return isFresh(event, now) ? [] : linksTo([event])
    },
    describe: () => ({
      attributes: {
        'tutti.subscription': subscription,
        'tutti.event.type': event.type,
        'tutti.event.id': event.id,
        'tutti.stream': event.stream,
        'tutti.position': event.position,
        'tutti.attempt': attempt,
        ...(tracer.payloads === true && { 'tutti.event.data': payloadOf(event.data) }),
      },
    }),
  }
}

function isFresh(event: RecordedEvent, now: number): boolean {
  return now - event.time.getTime() < freshness
}

function placeOf(event: RecordedEvent | undefined, now: number): Pick<NamedSpan, 'root' | 'parent'> {
  const parent = event !== undefined && isFresh(event, now) ? event.trace : undefined
  return parent === undefined ? { root: true } : { parent }
}

function linksTo(events: readonly RecordedEvent[]): readonly TraceContext[] {
  const links = new Map<string, TraceContext>()
  for (const { trace } of events) {
    if (trace !== undefined) links.set(trace.spanId, trace)
    if (links.size === mostLinks) break
  }
  return [...links.values()]
}
