import type { InferInput, InferOutput, Schema } from '../../schema/index.ts'
import type { SignalSources } from '../signal-source.ts'
import type { WorkflowOptions } from '../workflow.ts'
import { SagaBuilder } from './saga-builder.ts'
import type { Saga } from './saga-types.ts'

/** What a saga is, beside its steps. */
export type SagaOptions<I extends Schema | undefined, S extends SignalSources> = Omit<WorkflowOptions<I, undefined, S>, 'output'>

/**
 * Defines a workflow as a list of steps: `saga('order', { input }).step('reserve', { run, undo }).parallel({ label: { run }, fee: { run } })`.
 * Each step has a name of its own in the whole saga.
 */
export function saga<I extends Schema | undefined = undefined, const S extends SignalSources = Readonly<Record<never, never>>>(
  name: string,
  options: SagaOptions<I, S>,
): Saga<I extends Schema ? InferInput<I> : undefined, I extends Schema ? InferOutput<I> : undefined, Readonly<Record<never, never>>, S>
export function saga(name: string, options: SagaOptions<Schema | undefined, SignalSources>): unknown {
  return new SagaBuilder({ options, graph: { name, version: options.version ?? 1, nodes: [] }, handlers: {}, workflows: {} })
}
