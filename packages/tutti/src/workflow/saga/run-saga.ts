import type { Duration } from '../../kernel/index.ts'
import { Accepted, Rejected, type Sendable } from '../../message/index.ts'
import { WorkflowError } from '../errors.ts'
import type { StepContext } from '../step-context.ts'
import type { StepOptions } from '../step-options.ts'
import type { WorkflowContext } from '../workflow-context.ts'
import type { WorkflowType } from '../workflow-type.ts'
import type { GraphAttempts, GraphUndo, SagaGraph, SagaNode } from './saga-graph.ts'

/** A function of a saga. What it gets and gives depends on where it stands in the graph. */
export type SagaHandler = (first: never, second: never) => unknown

/** Functions by the names that stand for them in a graph. */
export type SagaHandlers = Readonly<Record<string, SagaHandler>>

/** What a saga is executed with. */
export interface SagaParts {
  readonly graph: SagaGraph
  readonly handlers: SagaHandlers
  /** The workflows that it runs, by name. */
  readonly workflows: Readonly<Record<string, WorkflowType>>
}

/** What a saga has come to so far. */
interface Progress {
  readonly input: unknown
  readonly results: Record<string, unknown>
}

/** Executes a saga, node by node. */
export async function runSaga(w: WorkflowContext, input: unknown, parts: SagaParts): Promise<unknown> {
  const progress: Progress = { input, results: {} }
  await new SagaRun(w, parts, progress).nodes(parts.graph.nodes)
  const { returns } = parts.graph
  return returns === undefined ? Object.fromEntries(Object.entries(progress.results).map(storable)) : handlerOf(parts, returns)(progress)
}

/** What commands came to is stored by its members, which are all that its type says. */
function storable([name, result]: readonly [string, unknown]): readonly [string, unknown] {
  const isCommandResult = result instanceof Accepted || result instanceof Rejected
  return [name, isCommandResult ? Object.fromEntries(Object.entries(result)) : result]
}

class SagaRun {
  readonly #w: WorkflowContext
  readonly #parts: SagaParts
  readonly #progress: Progress

  constructor(w: WorkflowContext, parts: SagaParts, progress: Progress) {
    this.#w = w
    this.#parts = parts
    this.#progress = progress
  }

  async nodes(nodes: readonly SagaNode[]): Promise<void> {
    for (const node of nodes) await this.#node(node)
  }

  async #node(node: SagaNode): Promise<void> {
    const { results } = this.#progress
    switch (node.kind) {
      case 'step':
        results[node.name] = await this.#w.step(node.name, this.#work(node.run), this.#options(node))
        return
      case 'send':
        results[node.name] = await this.#send(node)
        return
      case 'run':
        results[node.name] = await this.#w.run(this.#workflow(node.workflow), this.#call(node.input), { name: node.name })
        return
      case 'parallel':
        await this.#w.all(Object.fromEntries(Object.entries(node.branches).map(([label, branch]) => [label, () => this.nodes(branch)])))
        return
      case 'branch': {
        const taken = Boolean(await this.#w.step(node.name, () => Boolean(this.#call(node.when))))
        results[node.name] = taken
        return this.nodes(taken ? node.do : node.otherwise)
      }
      case 'wait':
        results[node.signal] = await this.#wait(node)
        return
      case 'sleep':
        return this.#w.sleep(node.time)
      default:
        // Its handler gives a span or a date.
        return this.#w.sleep(this.#call(node.until) as Duration | Date)
    }
  }

  async #send(node: Extract<SagaNode, { kind: 'send' }>): Promise<unknown> {
    const { undo } = node
    // Its handler gives a command.
    const command = this.#call(node.command) as Sendable<unknown>
    const options = this.#options(node)
    const result = await this.#w.send(command, {
      name: node.name,
      ...options,
      // What was rejected has changed nothing.
      ...(undo && { undo: { ...undo, run: (sent, ctx) => (sent instanceof Rejected ? undefined : this.#undo(undo.run)(sent, ctx)) } }),
    })
    if (result instanceof Rejected && node.onRejected === 'fail') throw this.#w.fail(result.code, result.details)
    return result
  }

  async #wait({ signal, within, onTimeout }: Extract<SagaNode, { kind: 'wait' }>): Promise<unknown> {
    if (within === undefined) return this.#w.signal(signal)
    const data = await this.#w.signal(signal, { within })
    if (data === undefined && onTimeout === 'fail') throw this.#w.fail(`The signal ${signal} has not come within ${within}.`)
    return data
  }

  #options({ retry, timeout, undo }: GraphAttempts & { readonly undo?: GraphUndo }): StepOptions<unknown> {
    return {
      ...(retry && { retry }),
      ...(timeout !== undefined && { timeout }),
      ...(undo && { undo: { ...undo, run: (result: unknown, ctx: StepContext) => this.#undo(undo.run)(result, ctx) } }),
    }
  }

  #work(name: string): (ctx: StepContext) => unknown {
    const handler = handlerOf(this.#parts, name)
    return (ctx) => handler({ ...ctx, ...this.#progress })
  }

  #undo(name: string): (result: unknown, ctx: StepContext) => unknown {
    const handler = handlerOf(this.#parts, name)
    return (result, ctx) => handler(result, { ...ctx, ...this.#progress })
  }

  #call(name: string): unknown {
    return handlerOf(this.#parts, name)(this.#progress)
  }

  #workflow({ name }: { readonly name: string }): WorkflowType {
    const found = this.#parts.workflows[name]
    if (found !== undefined) return found
    throw new WorkflowError(
      'TUTTI_WORKFLOW_UNKNOWN',
      `The saga ${this.#parts.graph.name} runs the workflow ${name}, which it was not given.`,
    )
  }
}

function handlerOf({ handlers, graph }: SagaParts, name: string): (first: unknown, second?: unknown) => unknown {
  const found = Object.hasOwn(handlers, name) ? handlers[name] : undefined
  // Which arguments it takes is said by its place in the graph.
  if (found !== undefined) return found as (first: unknown, second?: unknown) => unknown
  throw new WorkflowError('TUTTI_HANDLER_MISSING', `The saga ${graph.name} has no handler ${JSON.stringify(name)}.`)
}
