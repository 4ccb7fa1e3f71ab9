import dagre from '@dagrejs/dagre'

/** Something in a graph. */
export interface GraphNode {
  readonly id: string
  readonly title: string
  /** A word above the title, such as `event`. */
  readonly kind: string
  readonly tone?: 'plain' | 'accent' | 'good' | 'warn' | 'bad' | undefined
  /** Beside the title, such as a rate. */
  readonly note?: string | undefined
  /** Where a click leads. */
  readonly link?: string | undefined
  readonly isCurrent?: boolean | undefined
}

/** What leads from one node to another. */
export interface GraphEdge {
  readonly from: string
  readonly to: string
  readonly title?: string | undefined
  /** Not certain, or only possible. @default false */
  readonly dashed?: boolean | undefined
  /** Something flows now. @default false */
  readonly busy?: boolean | undefined
}

/** The size of a node, in pixels. */
export const nodeSize = { width: 200, height: 56 } as const

export interface Placed {
  readonly id: string
  readonly x: number
  readonly y: number
}

/** Where the nodes stand, so that edges lead one way and cross seldom. */
export function layOut(nodes: readonly GraphNode[], edges: readonly GraphEdge[], direction: 'right' | 'down'): readonly Placed[] {
  const graph = new dagre.graphlib.Graph()
  graph.setGraph({ rankdir: direction === 'right' ? 'LR' : 'TB', nodesep: 24, ranksep: direction === 'right' ? 72 : 48 })
  graph.setDefaultEdgeLabel(() => ({}))
  const known = new Set(nodes.map(({ id }) => id))
  for (const { id } of nodes) graph.setNode(id, { ...nodeSize })
  for (const { from, to } of edges) if (known.has(from) && known.has(to)) graph.setEdge(from, to)
  dagre.layout(graph)
  return nodes.map(({ id }) => {
    const { x, y } = graph.node(id)
    return { id, x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 }
  })
}
