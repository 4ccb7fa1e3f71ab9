import { OptionError, shown } from '../../kernel/index.ts'
import type { InferInput, Schema } from '../../schema/index.ts'
import type { SignalSources } from '../signal-source.ts'
import type { WorkflowType } from '../workflow-type.ts'
import type { SagaHandlers } from './run-saga.ts'
import { SagaBuilder } from './saga-builder.ts'
import { handlerNames, nodeNames, type SagaGraph, type SagaNode } from './saga-graph.ts'
import type { SagaOptions } from './saga.ts'
import type { FinishedSaga } from './saga-types.ts'

/** What a graph needs to become a saga again: its options, and the workflows that it runs. */
export type GraphOptions<I extends Schema | undefined, S extends SignalSources> = Omit<SagaOptions<I, S>, 'version'> & {
  /** @default none */
  readonly workflows?: readonly WorkflowType[]
}

/** Makes a saga of what `saga.graph()` gave, with handlers by name: it runs the same. Throws `TUTTI_OPTION_INVALID` where something is missing. */
export function sagaFromGraph<I extends Schema | undefined = undefined, const S extends SignalSources = Readonly<Record<never, never>>>(
  graph: SagaGraph,
  handlers: SagaHandlers,
  options: GraphOptions<I, S>,
): FinishedSaga<I extends Schema ? InferInput<I> : undefined, unknown, S>
export function sagaFromGraph(
  graph: SagaGraph,
  handlers: SagaHandlers,
  { workflows = [], ...options }: GraphOptions<Schema | undefined, SignalSources>,
): unknown {
  const refuse = (what: string): never => {
    throw new OptionError(`sagaFromGraph: the graph of ${shown(graph.name)} ${what}.`)
  }
  const byName = Object.fromEntries(workflows.map((one) => [one.name, one]))
  const { nodes, returns, version } = graph
  const needed = [...handlerNames(nodes), ...(returns === undefined ? [] : [returns])]
  const missing = needed.filter((name) => typeof (Object.hasOwn(handlers, name) ? handlers[name] : undefined) !== 'function')
  if (missing.length > 0) refuse(`needs handlers for ${missing.join(', ')}`)
  const names = nodeNames(nodes)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) refuse(`has two steps called ${shown(twice)}`)
  for (const node of flattened(nodes)) {
    if (node.kind === 'run' && byName[node.workflow.name]?.version !== node.workflow.version)
      refuse(`runs version ${node.workflow.version} of ${node.workflow.name}, which it was not given`)
    if (node.kind === 'wait' && !Object.hasOwn(options.signals ?? {}, node.signal))
      refuse(`waits for the signal ${node.signal}, which it was not given`)
  }
  return new SagaBuilder({ options: { ...options, version }, graph, handlers, workflows: byName })
}

function flattened(nodes: readonly SagaNode[]): readonly SagaNode[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'parallel') return [node, ...Object.values(node.branches).flatMap(flattened)]
    return node.kind === 'branch' ? [node, ...flattened(node.do), ...flattened(node.otherwise)] : [node]
  })
}
