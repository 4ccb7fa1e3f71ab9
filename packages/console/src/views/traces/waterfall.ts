import type { ConsoleTraceDetail } from 'tutti/console'

export type SpanRecord = ConsoleTraceDetail['spans'][number]

/** A line of the picture: a span, where it stands, and what is worth a look. */
export interface WaterfallRow {
  readonly span: SpanRecord
  readonly depth: number
  /** From the start of the whole, in milliseconds. */
  readonly offset: number
  /** The time in which none of its parts was at work. */
  readonly own: number
  readonly failed: boolean
  /** Much of the whole time passed here, and not in its parts. */
  readonly slow: boolean
  /** It follows from the span above in a trace of its own: time may lie between. */
  readonly follows: boolean
  readonly children: number
}

export interface Waterfall {
  readonly rows: readonly WaterfallRow[]
  readonly start: number
  readonly duration: number
}

/** A span counts as slow from this time of its own on, and from this share of the whole on. */
const SLOW = 10
const SLOW_SHARE = 0.3

/**
 * The spans of traces as one tree: parts below the span that they are part of, what follows in another trace below the span that it
 * follows from, and what has lost its parent at the top; each by its start.
 */
export function waterfall(spans: readonly SpanRecord[], folded: ReadonlySet<string> = new Set()): Waterfall {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const parentOf = (span: SpanRecord): string | undefined => {
    if (span.parentId !== undefined && byId.has(span.parentId)) return span.parentId
    return span.links.find((link) => link.spanId !== span.spanId && byId.has(link.spanId))?.spanId
  }
  const children = Map.groupBy(
    spans.toSorted((a, b) => a.start - b.start),
    parentOf,
  )
  const start = spans.reduce((least, span) => Math.min(least, span.start), Number.POSITIVE_INFINITY)
  const end = spans.reduce((most, span) => Math.max(most, span.start + span.duration), 0)
  const duration = spans.length === 0 ? 0 : Math.max(end - start, 0.001)
  const work = workingTime(spans)
  const rows: WaterfallRow[] = []
  const seen = new Set<string>()
  const add = (span: SpanRecord, depth: number): void => {
    // Links may lead in circles.
    if (seen.has(span.spanId)) return
    seen.add(span.spanId)
    const below = children.get(span.spanId) ?? []
    const own = ownTime(span, below)
    rows.push({
      span,
      depth,
      offset: span.start - start,
      own,
      failed: span.status === 'error',
      slow: own >= SLOW && own >= work * SLOW_SHARE,
      follows: depth > 0 && span.traceId !== byId.get(parentOf(span) ?? '')?.traceId,
      children: below.length,
    })
    if (folded.has(span.spanId)) for (const one of below) hide(one)
    else for (const one of below) add(one, depth + 1)
  }
  const hide = (span: SpanRecord): void => {
    if (seen.has(span.spanId)) return
    seen.add(span.spanId)
    for (const one of children.get(span.spanId) ?? []) hide(one)
  }
  for (const span of children.get(undefined) ?? []) add(span, 0)
  for (const span of spans) add(span, 0)
  return { rows, start: spans.length === 0 ? 0 : start, duration }
}

/** How long anything at all was at work: the pauses between what follows later do not count. */
function workingTime(spans: readonly SpanRecord[]): number {
  let until = Number.NEGATIVE_INFINITY
  let total = 0
  for (const { start, duration } of spans.toSorted((a, b) => a.start - b.start)) {
    const end = start + duration
    if (end <= until) continue
    total += end - Math.max(start, until)
    until = end
  }
  return total
}

function ownTime(span: SpanRecord, parts: readonly SpanRecord[]): number {
  const end = span.start + span.duration
  const within = parts
    .filter((part) => part.traceId === span.traceId && part.start < end)
    .map((part) => ({ ...part, duration: Math.min(part.start + part.duration, end) - part.start }))
  return Math.max(0, span.duration - workingTime(within))
}

/** Which of the colours a span has: by the part of Tutti it belongs to, so that kinds are told apart at a glance. */
export function colourOf({ scope, kind }: Pick<SpanRecord, 'scope' | 'kind'>): number {
  if (/http|websocket/.test(scope)) return kind === 'client' ? 5 : 1
  if (/sql|storage|events/.test(scope)) return 3
  if (/workflow|schedule/.test(scope)) return 4
  if (/messaging|broker|outbox/.test(scope) || kind === 'producer' || kind === 'consumer') return 6
  return 2
}
