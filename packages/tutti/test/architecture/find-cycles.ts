/** One cycle for each group of nodes that reach each other, as the path from a node back to itself. */
export function findCycles(edges: ReadonlyMap<string, Iterable<string>>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  for (const start of [...edges.keys()].toSorted()) {
    if (done.has(start)) continue
    const cycle = shortestWayBack(start, edges)
    if (cycle === undefined) continue
    cycles.push(cycle)
    // The rest of its group would only repeat the same knot from another end.
    for (const node of reachable(start, edges)) if (reachable(node, edges).has(start)) done.add(node)
  }
  return cycles
}

function shortestWayBack(start: string, edges: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const node of queue) {
    for (const next of edges.get(node) ?? []) {
      if (next === start) return [...pathTo(node, cameFrom), start]
      if (cameFrom.has(next)) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  return undefined
}

function pathTo(node: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const before = cameFrom.get(node)
  return before === undefined ? [node] : [...pathTo(before, cameFrom), node]
}

function reachable(start: string, edges: ReadonlyMap<string, Iterable<string>>): Set<string> {
  const found = new Set<string>()
  const queue = [start]
  for (const node of queue) {
    for (const next of edges.get(node) ?? []) {
      if (found.has(next)) continue
      found.add(next)
      queue.push(next)
    }
  }
  return found
}
