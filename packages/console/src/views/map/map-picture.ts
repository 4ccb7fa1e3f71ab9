import type { ConsoleMap, ConsoleTraffic } from 'tutti/console'
import type { GraphEdge, GraphNode } from '../../components/graph/graph-model.ts'
import { href } from '../../shell/routing.ts'

type MapNode = ConsoleMap['nodes'][number]

/** What of a map is drawn. */
interface MapFilters {
  readonly traffic: ConsoleTraffic
  readonly text: string
  readonly module: string
  /** What is joined to nothing as well. */
  readonly all: boolean
}

const tones: Readonly<Record<MapNode['kind'], NonNullable<GraphNode['tone']>>> = {
  route: 'plain',
  command: 'accent',
  query: 'accent',
  aggregate: 'accent',
  event: 'warn',
  projection: 'good',
  subscription: 'good',
  workflow: 'good',
  schedule: 'plain',
  topic: 'warn',
  consumer: 'good',
}

/** The map as a graph: what fits the filters, and what that is joined to. */
export function mapPicture(
  map: ConsoleMap,
  { traffic, text, module, all }: MapFilters,
): { readonly nodes: readonly GraphNode[]; readonly edges: readonly GraphEdge[] } {
  const shown = visible(map, text.trim().toLowerCase(), module)
  const edges = map.edges.filter(({ from, to }) => shown.has(from) && shown.has(to))
  const joined = new Set(edges.flatMap(({ from, to }) => [from, to]))
  const nodes = map.nodes.filter(({ id }) => shown.has(id) && (all || text !== '' || joined.has(id)))
  return {
    nodes: nodes.map((node) => ({ id: node.id, title: node.name, kind: node.kind, link: linkOf(node), ...flow(traffic, node) })),
    edges: edges.map(({ from, to, source }) => ({
      from,
      to,
      dashed: source === 'observed',
      busy: isBusy(traffic, from) && isBusy(traffic, to),
    })),
  }
}

function visible({ nodes, edges }: ConsoleMap, text: string, module: string): ReadonlySet<string> {
  const fits = nodes
    .filter((node) => node.name.toLowerCase().includes(text) && (module === '' || node.module === module))
    .map(({ id }) => id)
  if (text === '' && module === '') return new Set(fits)
  const own = new Set(fits)
  return new Set([...fits, ...edges.flatMap(({ from, to }) => [...(own.has(from) ? [to] : []), ...(own.has(to) ? [from] : [])])])
}

function flow({ nodes }: ConsoleTraffic, { id, kind }: MapNode): Pick<GraphNode, 'note' | 'tone'> {
  const now = nodes[id]
  if (now === undefined) return { tone: tones[kind] }
  return { note: `${now.count}/s`, tone: now.errors > 0 ? 'bad' : tones[kind] }
}

function isBusy({ nodes }: ConsoleTraffic, id: string): boolean {
  return (nodes[id]?.count ?? 0) > 0
}

/** The view that shows a part of the application. */
function linkOf({ kind, name }: MapNode): string {
  switch (kind) {
    case 'route':
      return href(['routes'], { text: name.slice(name.indexOf(' ') + 1) })
    case 'command':
    case 'query':
      return href(['commands', name])
    case 'aggregate':
      return href(['aggregates', name])
    case 'event':
      return href(['events'], { types: name })
    case 'projection':
    case 'subscription':
      return href(['projections', name])
    case 'workflow':
      return href(['runs', name], { workflow: name })
    case 'schedule':
      return href(['schedules', 'of', name])
    default:
      return href(['topics'])
  }
}
