import type { HttpContext } from '../../http/index.ts'
import type { RecordedEvent } from '../../message/index.ts'
import type { EventStore, ReadAllOptions } from '../../storage/index.ts'
import { limitOf, listOf, textOf, timeOf, wholeOf } from './asked.ts'
import type { ConsoleEvent, ConsoleStream, Page } from './contract.ts'

/** Events that are looked at for one answer: where few of them fit, the page asks for more. */
const mostLookedAt = 5000
const pageSize = 500

/** An event as the Console shows it. */
export function shownEvent(event: RecordedEvent): ConsoleEvent {
  const { id, type, version, stream, streamVersion, position, tenant, actor, correlationId, causationId, trace, metadata } = event
  return {
    id,
    type,
    version,
    stream,
    streamVersion,
    position,
    time: event.time.toISOString(),
    tenant,
    actor: actor?.id,
    correlationId,
    causationId,
    traceId: trace?.traceId,
    data: event.data,
    metadata,
  }
}

/** Events that fit: from the newest on, or from a position on. */
export async function listEvents(ctx: HttpContext, events: EventStore | undefined): Promise<Page<ConsoleEvent>> {
  const limit = limitOf(ctx)
  if (events === undefined) return { items: [], next: undefined }
  const stream = textOf(ctx, 'stream')
  return stream === undefined ? ofAll(ctx, events, limit) : ofStream(ctx, events, { stream, limit })
}

/** Streams by their names. */
export async function listStreams(ctx: HttpContext, events: EventStore | undefined): Promise<Page<ConsoleStream>> {
  const limit = limitOf(ctx)
  const prefix = textOf(ctx, 'prefix')
  const after = textOf(ctx, 'after')
  const found = await events?.streams({ limit: limit + 1, ...(prefix !== undefined && { prefix }), ...(after !== undefined && { after }) })
  const items = (found ?? []).slice(0, limit)
  return {
    items: items.filter(({ tombstoned }) => !tombstoned).map(({ stream, version, archived }) => ({ stream, version, archived })),
    next: found !== undefined && found.length > limit ? items.at(-1)?.stream : undefined,
  }
}

async function ofAll(ctx: HttpContext, events: EventStore, limit: number): Promise<Page<ConsoleEvent>> {
  const after = wholeOf(ctx, 'after')
  const before = wholeOf(ctx, 'before')
  const backwards = after === undefined
  const types = listOf(ctx, 'types')
  const streams = listOf(ctx, 'streams')
  const tenant = textOf(ctx, 'tenant')
  const options: ReadAllOptions = {
    backwards,
    archived: true,
    ...(types.length > 0 && { types }),
    ...(streams.length > 0 && { streams }),
    ...(tenant !== undefined && { tenant }),
  }
  const { fits, isPast, areMany } = boundsOf(ctx, backwards)
  // One more than is told says whether there are more; where many do not fit, more are looked at.
  const size = areMany ? limit + 1 : Math.max(limit + 1, pageSize)
  const items: ConsoleEvent[] = []
  let at = after ?? before
  for (let looked = 0; looked < mostLookedAt;) {
    const page = await events.page({ ...options, limit: size, ...(at !== undefined && { after: at }) })
    for (const event of page.events) {
      if (isPast(event)) return { items, next: undefined }
      if (items.length === limit) return { items, next: String(at) }
      at = event.position
      if (fits(event)) items.push(shownEvent(event))
    }
    looked += page.events.length
    if (page.events.length < size) return { items, next: undefined }
  }
  return { items, next: at === undefined ? undefined : String(at) }
}

async function ofStream(
  ctx: HttpContext,
  events: EventStore,
  { stream, limit }: { readonly stream: string; readonly limit: number },
): Promise<Page<ConsoleEvent>> {
  const after = wholeOf(ctx, 'after')
  const before = wholeOf(ctx, 'before')
  const backwards = after === undefined
  const types = new Set(listOf(ctx, 'types'))
  const { fits, isPast } = boundsOf(ctx, backwards)
  const isBehind = ({ position }: RecordedEvent): boolean => (backwards ? before === undefined || position < before : position > after)
  const items: ConsoleEvent[] = []
  const version = await versionAt(events, stream, after ?? before)
  const from = version === undefined ? undefined : version + (backwards ? -1 : 1)
  if (from === 0) return { items, next: undefined }
  for await (const event of events.read(stream, { backwards, pageSize: limit + 1, ...(from !== undefined && { from }) })) {
    if (!isBehind(event)) continue
    if (isPast(event)) break
    if (items.length === limit) return { items, next: String(items.at(-1)?.position) }
    if (fits(event) && (types.size === 0 || types.has(event.type))) items.push(shownEvent(event))
  }
  return { items, next: undefined }
}

/** The version of a stream's event at a position, so that reading can begin there; `undefined` where another stream has that position. */
async function versionAt(events: EventStore, stream: string, position: number | undefined): Promise<number | undefined> {
  if (position === undefined || position < 1) return undefined
  const [event] = (await events.page({ after: position - 1, limit: 1, archived: true })).events
  return event?.position === position && event.stream === stream ? event.streamVersion : undefined
}

interface Bounds {
  /** Whether all events fit, whatever they are. */
  readonly areMany: boolean
  readonly fits: (event: RecordedEvent) => boolean
  /** Whether everything behind it lies out of the times that were asked for. */
  readonly isPast: (event: RecordedEvent) => boolean
}

function boundsOf(ctx: HttpContext, backwards: boolean): Bounds {
  const from = timeOf(ctx, 'from') ?? Number.NEGATIVE_INFINITY
  const to = timeOf(ctx, 'to') ?? Number.POSITIVE_INFINITY
  const correlation = textOf(ctx, 'correlation')
  return {
    areMany: correlation === undefined && from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY,
    fits: ({ time, correlationId }) =>
      time.getTime() >= from && time.getTime() <= to && (correlation === undefined || correlationId === correlation),
    // Clocks of several writers differ a little, and so events are not quite in the order of their times.
    isPast: ({ time }) => (backwards ? time.getTime() < from - clockSkew : time.getTime() > to + clockSkew),
  }
}

const clockSkew = 60_000
