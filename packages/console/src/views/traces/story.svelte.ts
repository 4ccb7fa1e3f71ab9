import type { ConsoleLog, ConsoleTrace, ConsoleTraceDetail } from 'tutti/console'
import { get, path } from '../../api/client.ts'
import type { SpanRecord } from './waterfall.ts'

/** A trace, with the traces that follow from it and those it follows from. */
export interface Story {
  readonly traceId: string
  readonly spans: readonly SpanRecord[]
  readonly logs: readonly ConsoleLog[]
  /** Traces that follow and were not fetched: there are too many. */
  readonly more: readonly ConsoleTrace[]
  /** Traces that this one follows from. */
  readonly causes: readonly string[]
}

/** So many traces are shown as one picture. */
const MOST = 20

/** Fetches a trace and, hop by hop, what follows from it across time. What has been forgotten meanwhile is left out. */
export async function storyOf(traceId: string, follow: boolean, signal: AbortSignal): Promise<Story> {
  const first = await get<ConsoleTraceDetail>(path('traces', traceId), {}, signal)
  const found = new Map([[traceId, first]])
  const more: ConsoleTrace[] = []
  let ahead = [...first.followedBy]
  while (ahead.length > 0) {
    const fresh = ahead.filter((trace) => !found.has(trace.traceId))
    const taken = follow ? fresh.slice(0, MOST - found.size) : []
    more.push(...fresh.slice(taken.length))
    const details = await Promise.all(
      taken.map((trace) => get<ConsoleTraceDetail>(path('traces', trace.traceId), {}, signal).catch(() => undefined)),
    )
    signal.throwIfAborted()
    for (const detail of details) if (detail !== undefined) found.set(detail.traceId, detail)
    ahead = details.flatMap((detail) => detail?.followedBy ?? [])
  }
  const all = [...found.values()]
  const spans = all.flatMap((detail) => detail.spans)
  const causes = new Set(first.spans.flatMap(({ links }) => links.map((link) => link.traceId)))
  return {
    traceId,
    spans,
    logs: all.flatMap(({ logs }) => logs).toSorted((a, b) => a.time - b.time),
    more: [...new Map(more.filter((trace) => !found.has(trace.traceId)).map((trace) => [trace.traceId, trace])).values()],
    causes: [...causes].filter((id) => !found.has(id)),
  }
}
