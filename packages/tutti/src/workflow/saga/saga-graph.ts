import type { Duration, RetryOptions } from '../../kernel/index.ts'

/** How often and how long something is tried, as data. */
export interface GraphAttempts {
  readonly retry?: Omit<RetryOptions, 'retryIf'>
  readonly timeout?: Duration
}

/** One thing that a saga does, as data; functions stand in it by the names of their handlers. */
export type SagaNode =
  | (GraphAttempts & {
      readonly kind: 'step'
      readonly name: string
      readonly run: string
      /** The handler that takes it back. @default nothing does */
      readonly undo?: GraphUndo
    })
  | (GraphAttempts & {
      readonly kind: 'send'
      readonly name: string
      readonly command: string
      readonly onRejected: 'fail' | 'continue'
      readonly undo?: GraphUndo
    })
  | {
      readonly kind: 'run'
      readonly name: string
      readonly workflow: { readonly name: string; readonly version: number }
      readonly input: string
    }
  | { readonly kind: 'parallel'; readonly branches: Readonly<Record<string, readonly SagaNode[]>> }
  | {
      readonly kind: 'branch'
      readonly name: string
      /** The handler that decides. */
      readonly when: string
      readonly do: readonly SagaNode[]
      readonly otherwise: readonly SagaNode[]
    }
  | { readonly kind: 'wait'; readonly signal: string; readonly within?: Duration; readonly onTimeout: 'continue' | 'fail' }
  | { readonly kind: 'sleep'; readonly time: Duration }
  | { readonly kind: 'sleep-until'; readonly name: string; readonly until: string }

/** How a step is undone, as data. */
export interface GraphUndo extends GraphAttempts {
  readonly run: string
  readonly onUnknown?: boolean
}

/** A saga as data: for pictures, for a designer, and to be read back with `sagaFromGraph`. */
export interface SagaGraph {
  readonly name: string
  readonly version: number
  readonly nodes: readonly SagaNode[]
  /** The handler that makes the result. @default the results of all steps */
  readonly returns?: string
}

/** The names that nodes have, and under which steps have their results. */
export function nodeNames(nodes: readonly SagaNode[]): readonly string[] {
  return nodes.flatMap((node) => {
    switch (node.kind) {
      case 'parallel':
        return Object.values(node.branches).flatMap(nodeNames)
      case 'branch':
        return [node.name, ...nodeNames(node.do), ...nodeNames(node.otherwise)]
      case 'wait':
        return [node.signal]
      case 'sleep':
        return []
      default:
        return [node.name]
    }
  })
}

/** The names of the handlers that nodes need. */
export function handlerNames(nodes: readonly SagaNode[]): readonly string[] {
  return nodes.flatMap((node) => {
    switch (node.kind) {
      case 'step':
        return [node.run, ...(node.undo ? [node.undo.run] : [])]
      case 'send':
        return [node.command, ...(node.undo ? [node.undo.run] : [])]
      case 'run':
        return [node.input]
      case 'parallel':
        return Object.values(node.branches).flatMap(handlerNames)
      case 'branch':
        return [node.when, ...handlerNames(node.do), ...handlerNames(node.otherwise)]
      case 'sleep-until':
        return [node.until]
      default:
        return []
    }
  })
}
