import type { SpanRecord } from '../../observe/index.ts'
import type { ConsoleEventGraph } from './contract.ts'

/** What a span is about, in the words of the application. */
export interface SpanMeaning {
  readonly kind: ConsoleEventGraph['nodes'][number]['kind']
  readonly name: string
  /** Tells pieces of work apart: the same for spans of the same piece. */
  readonly id: string
  /** The node of the map that it happened at. */
  readonly node: string
  readonly view: string | undefined
}

type Attributes = SpanRecord['attributes']

const runsPrefix = 'workflow-'

/** What a span is about; `undefined` for details, such as statements. */
export function meaningOf({ attributes, kind, name, spanId, traceId }: SpanRecord): SpanMeaning | undefined {
  const own = { id: `span:${spanId}`, view: `traces/${traceId}` }
  const route = text(attributes, 'http.route')
  if (kind === 'server' && route !== undefined)
    return { kind: 'request', name, node: `route:${text(attributes, 'http.request.method') ?? 'GET'} ${route}`, ...own }
  if (kind === 'server') return { kind: 'request', name, node: '', ...own }
  const workflow = text(attributes, 'tutti.workflow')
  const run = text(attributes, 'tutti.run.id')
  if (workflow !== undefined && run !== undefined) {
    const path = `${workflow}/${encodeURIComponent(run)}`
    return { kind: 'run', name: `${workflow} ${run}`, node: `workflow:${workflow}`, id: `run:${path}`, view: `runs/${path}` }
  }
  const command = text(attributes, 'tutti.command')
  if (command !== undefined) return { kind: 'command', name: command, node: `command:${command}`, ...own }
  const query = text(attributes, 'tutti.query')
  if (query !== undefined) return { kind: 'command', name: query, node: `query:${query}`, ...own }
  return handlerOf(attributes, own) ?? messageOf(attributes, own)
}

function handlerOf(attributes: Attributes, own: Pick<SpanMeaning, 'id' | 'view'>): SpanMeaning | undefined {
  const subscription = text(attributes, 'tutti.subscription')
  if (subscription?.startsWith(runsPrefix) === true)
    return { kind: 'handler', name: subscription, node: `workflow:${subscription.slice(runsPrefix.length)}`, ...own }
  if (subscription !== undefined) return { kind: 'handler', name: subscription, node: `subscription:${subscription}`, ...own }
  const projection = text(attributes, 'tutti.projection')
  if (projection !== undefined) return { kind: 'handler', name: projection, node: `projection:${projection}`, ...own }
  const schedule = text(attributes, 'tutti.schedule')
  return schedule === undefined ? undefined : { kind: 'handler', name: schedule, node: `schedule:${schedule}`, ...own }
}

function messageOf(attributes: Attributes, own: Pick<SpanMeaning, 'id' | 'view'>): SpanMeaning | undefined {
  const topic = text(attributes, 'messaging.destination.name')
  if (topic === undefined) return undefined
  const group = text(attributes, 'messaging.consumer.group.name')
  if (group === undefined) return { kind: 'message', name: topic, node: `topic:${topic}`, ...own }
  return { kind: 'handler', name: `${topic}/${group}`, node: `consumer:${topic}/${group}`, ...own }
}

/** An attribute that is a text. */
export function text(attributes: Attributes, name: string): string | undefined {
  const value = attributes[name]
  return typeof value === 'string' ? value : undefined
}

/** Spans by their ids, with what they are part of. */
export class SpanTree {
  readonly #spans: ReadonlyMap<string, SpanRecord>

  constructor(spans: readonly SpanRecord[]) {
    this.#spans = new Map(spans.map((span) => [span.spanId, span]))
  }

  get spans(): IterableIterator<SpanRecord> {
    return this.#spans.values()
  }

  /** The nearest meaning of a span and of those that it is part of, which fits. */
  meaningAt(spanId: string | undefined, fits: (meaning: SpanMeaning) => boolean = () => true): SpanMeaning | undefined {
    const seen = new Set<string>()
    for (let at = spanId; at !== undefined && !seen.has(at);) {
      seen.add(at)
      const span = this.#spans.get(at)
      const meaning = span && meaningOf(span)
      if (meaning !== undefined && fits(meaning)) return meaning
      at = span?.parentId
    }
    return undefined
  }
}
