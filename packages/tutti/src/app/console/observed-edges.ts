import type { SpanRecord } from '../../observe/index.ts'
import { meaningOf, SpanTree } from './span-meaning.ts'

/** What led to what, as spans tell: each piece of work comes from the nearest one that it is part of, or follows from. */
export function observedEdges(spans: readonly SpanRecord[]): readonly { readonly from: string; readonly to: string }[] {
  const tree = new SpanTree(spans)
  const edges: { from: string; to: string }[] = []
  for (const span of tree.spans) {
    const to = meaningOf(span)?.node
    for (const source of [span.parentId, ...span.links.map(({ spanId }) => spanId)]) {
      const from = tree.meaningAt(source, ({ node }) => node !== '' && node !== to)?.node
      if (from === undefined) continue
      if (to !== undefined && to !== '') edges.push({ from, to })
      // An append tells which events there were.
      else for (const type of typesOf(span)) edges.push({ from, to: `event:${type}` })
    }
  }
  return edges
}

function typesOf({ attributes }: SpanRecord): readonly string[] {
  const types = attributes['tutti.event.types']
  return Array.isArray(types) ? types.filter((type): type is string => typeof type === 'string') : []
}
