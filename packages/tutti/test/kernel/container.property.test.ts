import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createContainer, dependency, type Dependency, type DependencyScope } from '../../src/kernel/index.ts'
import { contextOf } from './context-of.ts'

const scopes = ['app', 'tenant', 'request'] as const
interface Node {
  readonly scope: DependencyScope
  readonly needs: readonly number[]
  readonly ticks: number | undefined
}

const node = fc.record({
  scope: fc.constantFrom(...scopes),
  needs: fc.array(fc.nat(30), { maxLength: 4 }),
  ticks: fc.option(fc.nat(4), { nil: undefined }),
})
const nodes = fc.array(node, { minLength: 1, maxLength: 20 })

/** Builds the graph; a node needs only earlier ones that do not live shorter than itself. */
function build(nodes: readonly Node[], log: string[]): { made: Dependency<unknown>[]; edges: [number, number][] } {
  const made: Dependency<unknown>[] = []
  const edges: [number, number][] = []
  nodes.forEach(({ scope, needs, ticks }, n) => {
    const usable = needs.filter((need) => need < n && scopes.indexOf(nodes[need]?.scope ?? 'request') <= scopes.indexOf(scope))
    edges.push(...usable.map((need): [number, number] => [n, need]))
    const wait = async (): Promise<string> => {
      for (let i = 0; i < (ticks ?? 0); i++) await undefined
      log.push(`+${n}`)
      return `v${n}`
    }
    const factory = ({ needs }: { needs: Readonly<Record<string, unknown>> }): string | Promise<string> => {
      expect(needs).toEqual(Object.fromEntries(usable.map((need) => [`n${need}`, `v${need}`])))
      if (ticks !== undefined) return wait()
      log.push(`+${n}`)
      return `v${n}`
    }
    const needed = Object.fromEntries(usable.flatMap((need) => (made[need] ? [[`n${need}`, made[need]]] : [])))
    const dispose = async (): Promise<void> => {
      await undefined
      log.push(`-${n}`)
    }
    made.push(dependency(`n${n}`, { scope, needs: needed, dispose }, factory))
  })
  return { made, edges }
}

it('creates every dependency once, after its needs, and disposes of each before its needs, whatever the graph', async () => {
  const graph = fc.oneof(
    nodes,
    nodes.map((all) => all.map((each) => ({ ...each, ticks: undefined }))),
  )
  await fc.assert(
    fc.asyncProperty(graph, fc.array(fc.nat(19), { minLength: 1, maxLength: 10 }), async (nodes, wanted) => {
      const log: string[] = []
      const { made, edges } = build(nodes, log)
      const container = createContainer()
      const scope = container.requestScope(contextOf({ tenant: 't' }))
      const asked = wanted.flatMap((n) => made[n] ?? [])
      await Promise.all(asked.map(async (each) => container.resolve(each, scope)))
      const created = log.slice()
      await scope.dispose()
      await container.dispose()

      expect(new Set(created).size).toBe(created.length)
      for (const each of asked) expect(created).toContain(`+${each.name.slice(1)}`)
      const disposed = log.slice(created.length)
      expect(disposed.map((entry) => entry.slice(1)).toSorted()).toEqual(created.map((entry) => entry.slice(1)).toSorted())
      // Which of two that are made at the same time is done first shows only in the container, so take those made one by one.
      const oneByOne = nodes.every(({ ticks }) => ticks === undefined)
      for (const kind of oneByOne ? scopes : []) {
        const ofKind = (entries: string[]): string[] =>
          entries.map((entry) => entry.slice(1)).filter((n) => nodes[Number(n)]?.scope === kind)
        expect(ofKind(disposed)).toEqual(ofKind(created).toReversed())
      }
      for (const [n, need] of edges) {
        if (!created.includes(`+${n}`)) continue
        expect(log.indexOf(`+${need}`)).toBeLessThan(log.indexOf(`+${n}`))
        expect(log.indexOf(`-${need}`)).toBeGreaterThan(log.indexOf(`-${n}`))
        expect(log.indexOf(`-${n}`)).toBeGreaterThan(0)
      }
    }),
  )
})
