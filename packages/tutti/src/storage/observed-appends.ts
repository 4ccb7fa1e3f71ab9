import { ambientTracer, createMeter, leafSpan, type BoundCounter, type Counter, type Span } from '../observe/index.ts'
import type { NewEvent } from '../message/index.ts'
import type { Appended } from './event-store.ts'

const tracer = ambientTracer('tutti.storage')

let appended: Counter | undefined
/** Bound counters by type, for looking up labels costs more than counting. */
const bound = new Map<string, BoundCounter>()
/** Types come from the application's definitions, which are few; a mistake must not fill the memory. */
const mostTypes = 2_000

/** Does an append as a span, and counts what it wrote. */
export function observedAppend(stream: string, events: readonly NewEvent[], append: () => Promise<Appended>): Promise<Appended> {
  const work = async (span?: Span): Promise<Appended> => {
    const done = await append()
    if (done.duplicate) span?.setAttribute('tutti.duplicate', true)
    else for (const { type } of events) counterOf(type).add(1)
    return done
  }
  if (!tracer.enabled) return work()
  const dash = stream.indexOf('-')
  const describe = () => ({
    attributes: {
      'tutti.stream': stream,
      'tutti.event.count': events.length,
      'tutti.event.types': [...new Set(events.map(({ type }) => type))],
    },
  })
  return leafSpan(tracer, { name: `append ${dash < 0 ? 'events' : stream.slice(0, dash)}`, kind: 'client', describe }, work)
}

function counterOf(type: string): BoundCounter {
  const found = bound.get(type)
  if (found !== undefined) return found
  appended ??= createMeter('tutti.events').counter('tutti.events.appended', { description: 'Events appended, by type', unit: '{event}' })
  const counter = appended.with({ type })
  if (bound.size < mostTypes) bound.set(type, counter)
  return counter
}
