import { milliseconds, OptionError, shown, type Duration } from '../../kernel/index.ts'
import type { Schema } from '../../schema/index.ts'
import type { SignalSources } from '../signal-source.ts'
import { workflow, type Workflow, type WorkflowOptions } from '../workflow.ts'
import type { WorkflowType } from '../workflow-type.ts'
import { runSaga, type SagaHandler, type SagaHandlers, type SagaParts } from './run-saga.ts'
import { nodeNames, type GraphAttempts, type GraphUndo, type SagaGraph, type SagaNode } from './saga-graph.ts'

/** What a saga is made of. */
export interface SagaDesign extends SagaParts {
  readonly options: Omit<WorkflowOptions<Schema | undefined, undefined, SignalSources>, 'output'>
}

/** How something is tried and taken back, as the methods of a saga get it. */
interface Undoable extends GraphAttempts {
  readonly undo?: SagaHandler | (GraphAttempts & { readonly run: SagaHandler; readonly onUnknown?: boolean })
}

type MakePart = (part: SagaBuilder) => SagaBuilder

/** More of a saga. */
interface Addition {
  readonly node: SagaNode
  readonly handlers?: SagaHandlers
  readonly workflows?: SagaParts['workflows']
}

/** A saga whose steps are added one by one; each step gives a new one. Its types are those of `Saga`. */
export class SagaBuilder implements Workflow {
  readonly kind = 'workflow'
  readonly name: string
  readonly version: number
  readonly signals: Workflow['signals']
  readonly input: Workflow['input']
  readonly output: Workflow['output']
  readonly from: Workflow['from']
  readonly settings: Workflow['settings']
  readonly execute: Workflow['execute']
  readonly #design: SagaDesign

  constructor(design: SagaDesign) {
    const { graph, options } = design
    const made: Workflow = workflow(graph.name, options, (w, input) => runSaga(w, input, design))
    this.#design = design
    this.name = made.name
    this.version = made.version
    this.signals = made.signals
    this.input = made.input
    this.output = made.output
    this.from = made.from
    this.settings = made.settings
    this.execute = made.execute
  }

  get handlers(): SagaHandlers {
    return this.#design.handlers
  }

  graph(): SagaGraph {
    return this.#design.graph
  }

  step(name: string, step: Undoable & { readonly run: SagaHandler }): SagaBuilder {
    const { undo, handlers } = this.#undo(name, step)
    return this.#with({
      node: { kind: 'step', name, run: name, ...this.#attempts(step), ...(undo && { undo }) },
      handlers: { ...handlers, [name]: this.#function(name, step.run) },
    })
  }

  send(name: string, command: Undoable & { readonly command: SagaHandler; readonly onRejected?: 'fail' | 'continue' }): SagaBuilder {
    const { undo, handlers } = this.#undo(name, command)
    const { onRejected = 'fail' } = command
    return this.#with({
      node: { kind: 'send', name, command: name, onRejected, ...this.#attempts(command), ...(undo && { undo }) },
      handlers: { ...handlers, [name]: this.#function(name, command.command) },
    })
  }

  run(name: string, child: WorkflowType, input: SagaHandler): SagaBuilder {
    const { name: of, version } = child
    return this.#with({
      node: { kind: 'run', name, workflow: { name: of, version }, input: name },
      handlers: { [name]: this.#function(name, input) },
      workflows: { [of]: child },
    })
  }

  parallel(branches: Readonly<Record<string, MakePart | (Undoable & { readonly run: SagaHandler })>>): SagaBuilder {
    const parts = Object.entries(branches).map(
      ([label, branch]) =>
        [label, typeof branch === 'function' ? this.#part(branch) : this.#part((part) => part.step(label, branch))] as const,
    )
    const nodes = Object.fromEntries(parts.map(([label, { graph }]) => [label, graph.nodes]))
    return this.#with({ node: { kind: 'parallel', branches: nodes }, ...gathered(parts.map(([, part]) => part)) })
  }

  branch(name: string, ways: { readonly when: SagaHandler; readonly do: MakePart; readonly otherwise?: MakePart }): SagaBuilder {
    const done = this.#part(ways.do)
    const otherwise = this.#part(ways.otherwise ?? ((part) => part))
    const { handlers, workflows } = gathered([done, otherwise])
    return this.#with({
      node: { kind: 'branch', name, when: name, do: done.graph.nodes, otherwise: otherwise.graph.nodes },
      handlers: { ...handlers, [name]: this.#function(name, ways.when) },
      workflows,
    })
  }

  wait(
    signal: string,
    { within, onTimeout = 'continue' }: { readonly within?: Duration; readonly onTimeout?: 'continue' | 'fail' } = {},
  ): SagaBuilder {
    if (!Object.hasOwn(this.signals, signal))
      this.#refuse(
        `waits for the signal ${shown(signal)}, which it does not have; wanted one of its signals: ${Object.keys(this.signals).join(', ')}`,
      )
    return this.#with({ node: { kind: 'wait', signal, onTimeout, ...(within !== undefined && { within }) } })
  }

  sleep(time: Duration): SagaBuilder {
    milliseconds(time)
    return this.#with({ node: { kind: 'sleep', time } })
  }

  sleepUntil(name: string, until: SagaHandler): SagaBuilder {
    return this.#with({ node: { kind: 'sleep-until', name, until: name }, handlers: { [name]: this.#function(name, until) } })
  }

  returns(output: SagaHandler): SagaBuilder {
    const { graph, handlers } = this.#design
    return new SagaBuilder({
      ...this.#design,
      graph: { ...graph, returns: 'returns' },
      handlers: { ...handlers, returns: this.#function('returns', output) },
    })
  }

  #with({ node, handlers = {}, workflows = {} }: Addition): SagaBuilder {
    const { graph } = this.#design
    const taken = new Set(nodeNames(graph.nodes))
    for (const name of nodeNames([node])) {
      if (name === 'returns' || taken.has(name)) this.#refuse(`has two steps called ${shown(name)}; wanted a name of its own for each`)
      taken.add(name)
    }
    return new SagaBuilder({
      ...this.#design,
      graph: { ...graph, nodes: [...graph.nodes, node] },
      handlers: { ...this.#design.handlers, ...handlers },
      workflows: { ...this.#design.workflows, ...workflows },
    })
  }

  /** What is done in a branch. */
  #part(make: MakePart): SagaDesign {
    const { graph } = this.#design
    const made: unknown = make(new SagaBuilder({ ...this.#design, graph: { ...graph, nodes: [] }, handlers: {}, workflows: {} }))
    return made instanceof SagaBuilder
      ? made.#design
      : this.#refuse(`has a branch that gave ${shown(made)}; wanted the part with its steps`)
  }

  #attempts({ retry, timeout }: GraphAttempts): GraphAttempts {
    return { ...(retry && { retry }), ...(timeout !== undefined && { timeout }) }
  }

  #undo(name: string, { undo }: Undoable): { readonly undo?: GraphUndo; readonly handlers: SagaHandlers } {
    if (undo === undefined) return { handlers: {} }
    const { run, onUnknown, ...attempts } = typeof undo === 'function' ? { run: undo } : undo
    const handler = `${name}:undo`
    return {
      undo: { run: handler, ...this.#attempts(attempts), ...(onUnknown !== undefined && { onUnknown }) },
      handlers: { [handler]: this.#function(handler, run) },
    }
  }

  #function(name: string, handler: unknown): SagaHandler {
    return typeof handler === 'function'
      ? (handler as SagaHandler)
      : this.#refuse(`received ${shown(handler)} for ${name}; wanted a function`)
  }

  #refuse(what: string): never {
    throw new OptionError(`saga ${this.name} ${what}.`)
  }
}

function gathered(parts: readonly SagaDesign[]): { readonly handlers: SagaHandlers; readonly workflows: SagaParts['workflows'] } {
  return {
    handlers: Object.assign({}, ...parts.map(({ handlers }) => handlers)) as SagaHandlers,
    workflows: Object.assign({}, ...parts.map(({ workflows }) => workflows)) as SagaParts['workflows'],
  }
}
