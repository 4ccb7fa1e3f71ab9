import type { SagaNode } from '../../workflow/index.ts'
import type { Backend } from '../backend.ts'
import { describeAggregate } from './aggregate-view.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import type { ConsoleMap } from './contract.ts'
import { Modules } from './modules.ts'
import { observedEdges } from './observed-edges.ts'
import { graphOf } from './run-list.ts'

type Node = ConsoleMap['nodes'][number]
type Edge = Pick<ConsoleMap['edges'][number], 'from' | 'to'>

/** Spans from which it is told what leads where. */
const mostSpans = 2000

/** What the application is made of, and what leads to what: as its definitions say, and as was seen. */
export function appMap(parts: OpenConsoleParts): ConsoleMap {
  const { backend, telemetry } = parts
  const modules = new Modules(parts.modules())
  const routes = parts.routes().map(({ method, path, module }) => node('route', `${method} ${path}`, module))
  const nodes = new Map([...routes, ...nodesOf(backend, modules)].map((one) => [one.id, one]))
  const declared = edgesOf(backend).filter(({ from, to }) => nodes.has(from) && nodes.has(to))
  const known = new Set(declared.map(nameOf))
  const seen = observedEdges(telemetry.store?.recentSpans(mostSpans) ?? [])
  const observed = seen.filter((edge) => nodes.has(edge.from) && nodes.has(edge.to) && !known.has(nameOf(edge)))
  return {
    nodes: [...nodes.values()],
    edges: [
      ...unique(declared).map((edge) => ({ ...edge, source: 'declared' as const })),
      ...unique(observed).map((edge) => ({ ...edge, source: 'observed' as const })),
    ],
  }
}

function nodesOf({ messages, readModels, runs, schedules, topics }: Backend, modules: Modules): readonly Node[] {
  const ofAggregates = messages.aggregates.flatMap((aggregate) => {
    const { events, commands } = describeAggregate(aggregate)
    const module = modules.of(aggregate)
    return [
      node('aggregate', aggregate.name, module),
      ...Object.values(commands).map(({ type }) => node('command', type, module)),
      ...Object.values(events).map(({ type }) => node('event', type, module)),
    ]
  })
  const readers = readModels.definitions
    .filter((definition) => followed(definition.name, runs) === undefined)
    .map((definition) => node(definition.kind === 'subscription' ? 'subscription' : 'projection', definition.name, modules.of(definition)))
  const types = readModels.definitions.flatMap((definition) => [...definition.handlers.keys()])
  return [
    // Events of other applications in the same storage have no aggregate here.
    ...types.map((type) => node('event', type, undefined)),
    ...messages.definitions.map((definition) => node(definition.kind, definition.name, modules.of(definition))),
    ...ofAggregates,
    ...readers,
    ...runs.workflows.map((workflow) => node('workflow', workflow.name, modules.of(workflow))),
    ...schedules.names.map((name) => node('schedule', name, undefined)),
    ...topics.topics.map((topic) => node('topic', topic.name, modules.of(topic))),
    ...topics.consumers.map(({ topic, group }) => node('consumer', `${topic}/${group}`, undefined)),
  ]
}

function edgesOf({ messages, readModels, relays, runs, topics }: Backend): readonly Edge[] {
  return [
    ...messages.aggregates.flatMap((aggregate) => {
      const { events, commands } = describeAggregate(aggregate)
      const id = `aggregate:${aggregate.name}`
      return [
        ...Object.values(commands).map(({ type }) => ({ from: `command:${type}`, to: id })),
        ...Object.values(events).map(({ type }) => ({ from: id, to: `event:${type}` })),
      ]
    }),
    ...readModels.definitions.flatMap((definition) => {
      const kind = definition.kind === 'subscription' ? 'subscription' : 'projection'
      const workflow = followed(definition.name, runs)
      const to = workflow === undefined ? `${kind}:${definition.name}` : `workflow:${workflow}`
      return [...definition.handlers.keys()].map((type) => ({ from: `event:${type}`, to }))
    }),
    ...runs.workflows.flatMap((workflow) =>
      children(graphOf(workflow)?.nodes ?? []).map((child) => ({ from: `workflow:${workflow.name}`, to: `workflow:${child}` })),
    ),
    ...relays.map(({ name, topic }) => ({ from: `subscription:${name}`, to: `topic:${topic}` })),
    ...topics.consumers.map(({ topic, group }) => ({ from: `topic:${topic}`, to: `consumer:${topic}/${group}` })),
  ]
}

/** The workflow for which a subscription starts runs and sends signals; `undefined` where it is one of the application's own. */
function followed(subscription: string, runs: Backend['runs']): string | undefined {
  return runs.workflows.find(({ name }) => subscription === `workflow-${name}`)?.name
}

/** The workflows of which the steps of a saga start runs. */
function children(nodes: readonly SagaNode[]): readonly string[] {
  return nodes.flatMap((step) => {
    if (step.kind === 'run') return [step.workflow.name]
    if (step.kind === 'parallel') return Object.values(step.branches).flatMap(children)
    return step.kind === 'branch' ? [...children(step.do), ...children(step.otherwise)] : []
  })
}

function node(kind: Node['kind'], name: string, module: string | undefined): Node {
  return { id: `${kind}:${name}`, kind, name, module }
}

function unique(edges: readonly Edge[]): readonly Edge[] {
  return [...new Map(edges.map((edge) => [nameOf(edge), edge])).values()]
}

function nameOf({ from, to }: Edge): string {
  return JSON.stringify([from, to])
}
