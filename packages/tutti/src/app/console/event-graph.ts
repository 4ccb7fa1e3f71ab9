import type { RecordedEvent } from '../../message/index.ts'
import type { EventStore } from '../../storage/index.ts'
import type { TelemetryStore } from '../../telemetry/index.ts'
import { notFound } from './asked.ts'
import type { ConsoleEventGraph } from './contract.ts'
import { shownEvent } from './event-list.ts'
import { meaningOf, SpanTree, text, type SpanMeaning } from './span-meaning.ts'

type Node = ConsoleEventGraph['nodes'][number]

/** How far around an event others of the same request are looked for, on either side. */
const reach = 2000
/** Events and traces that are shown of one request. */
const mostEvents = 200
const mostTraces = 20

/** What led to an event, and what followed from it. Throws 404 where there is none at the position. */
export async function eventGraph(events: EventStore, store: TelemetryStore | undefined, position: number): Promise<ConsoleEventGraph> {
  const [event] = (await events.page({ after: Math.max(0, position - 1), limit: 1, archived: true })).events
  if (event?.position !== position) throw notFound(`An event at position ${position}`)
  const related = await relatedTo(event, events)
  const tree = new SpanTree(spansOf(related, store))
  const graph = new Graph()
  const byId = new Map(related.map((one) => [one.id, one]))
  for (const one of related) graph.addEvent(one)
  for (const one of related) {
    const cause = tree.meaningAt(one.trace?.spanId)
    if (cause !== undefined) graph.add(cause, undefined, `event:${one.id}`)
    else if (byId.has(one.causationId ?? '')) graph.join(`event:${one.causationId}`, `event:${one.id}`)
    else if (one.causationId !== undefined) graph.addRequest(one)
  }
  addWork(graph, tree, byId)
  return { event: shownEvent(event), nodes: graph.nodes, edges: graph.edges }
}

/** Requests, commands, handlers and runs around the events, with what they come from. */
function addWork(graph: Graph, tree: SpanTree, events: ReadonlyMap<string, RecordedEvent>): void {
  for (const span of tree.spans) {
    const meaning = meaningOf(span)
    if (meaning === undefined) continue
    const handled = text(span.attributes, 'tutti.event.id')
    const cause = tree.meaningAt(span.parentId, ({ id }) => id !== meaning.id)
    graph.add(meaning, new Date(span.start).toISOString())
    if (handled !== undefined && events.has(handled)) graph.join(`event:${handled}`, meaning.id)
    else if (cause !== undefined) graph.join(cause.id, meaning.id)
    else for (const link of span.links) graph.join(tree.meaningAt(link.spanId, ({ id }) => id !== meaning.id)?.id, meaning.id)
  }
}

/** Those that belong to the same request, as far as they are near. */
async function relatedTo(event: RecordedEvent, events: EventStore): Promise<readonly RecordedEvent[]> {
  const { correlationId, position } = event
  if (correlationId === undefined) return [event]
  const [before, behind] = await Promise.all([
    events.page({ backwards: true, after: position, limit: reach, archived: true }),
    events.page({ after: position, limit: reach, archived: true }),
  ])
  const near = [...before.events.toReversed(), event, ...behind.events].filter((one) => one.correlationId === correlationId)
  if (near.length <= mostEvents) return near
  const at = near.indexOf(event)
  return near.slice(Math.max(0, at - mostEvents / 2), at + mostEvents / 2)
}

function spansOf(events: readonly RecordedEvent[], store: TelemetryStore | undefined): Parameters<typeof meaningOf>[0][] {
  const traces = [...new Set(events.flatMap(({ trace }) => trace?.traceId ?? []))].slice(0, mostTraces)
  const found = traces.flatMap((traceId) => store?.trace(traceId) ?? [])
  const following = [...new Set(found.flatMap(({ followedBy }) => followedBy.map(({ traceId }) => traceId)))]
  const more = following.filter((traceId) => !traces.includes(traceId)).slice(0, mostTraces)
  return [...found, ...more.flatMap((traceId) => store?.trace(traceId) ?? [])].flatMap(({ spans }) => spans)
}

class Graph {
  readonly #nodes = new Map<string, Node>()
  readonly #edges = new Map<string, { readonly from: string; readonly to: string }>()

  get nodes(): readonly Node[] {
    return [...this.#nodes.values()]
  }

  get edges(): readonly { readonly from: string; readonly to: string }[] {
    return [...this.#edges.values()].filter(({ from, to }) => this.#nodes.has(from) && this.#nodes.has(to))
  }

  addEvent({ id, type, time, position }: RecordedEvent): void {
    this.#nodes.set(`event:${id}`, { id: `event:${id}`, kind: 'event', name: type, time: time.toISOString(), view: `events/${position}` })
  }

  /** What an event comes from where nothing else is known of it than its id. */
  addRequest({ id, causationId = '', trace }: RecordedEvent): void {
    const cause = `cause:${causationId}`
    const view = trace && `traces/${trace.traceId}`
    this.#nodes.set(cause, { id: cause, kind: 'request', name: causationId, time: undefined, view })
    this.join(cause, `event:${id}`)
  }

  add({ id, kind, name, view }: SpanMeaning, time: string | undefined, to?: string): void {
    const known = this.#nodes.get(id)
    this.#nodes.set(id, { id, kind, name, time: known?.time ?? time, view })
    if (to !== undefined) this.join(id, to)
  }

  join(from: string | undefined, to: string): void {
    if (from !== undefined && from !== to) this.#edges.set(`${from} ${to}`, { from, to })
  }
}
