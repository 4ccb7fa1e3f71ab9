import { OptionError, shown } from '../kernel/index.ts'
import type { ReadableEvent, Runnable } from '../message/index.ts'
import { isSchema, type InferInput, type InferOutput, type Schema } from '../schema/index.ts'
import type { EventStart } from './event-start.ts'
import type { RunHandle } from './run-handle.ts'
import { isSignalSource, type SignalSources } from './signal-source.ts'
import type { WorkflowContext } from './workflow-context.ts'
import { resolveWorkflow, type WorkflowLimits, type WorkflowSettings } from './workflow-settings.ts'
import type { WorkflowType } from './workflow-type.ts'

/** What a workflow is, beside its function. `I` and `O` are undefined where there is no schema. */
export interface WorkflowOptions<I extends Schema | undefined, O extends Schema | undefined, S extends SignalSources>
  extends WorkflowParts<I, O, S>, WorkflowLimits<Taken<I>> {}

/** What goes into a workflow, and what comes out. */
export interface WorkflowParts<I extends Schema | undefined, O extends Schema | undefined, S extends SignalSources> {
  /** To be raised when the order of its steps changes: runs end with the version that they began with. @default 1 */
  readonly version?: number
  /** @default it is started without an input */
  readonly input?: I
  /** Checks what the function comes to. @default anything that can be stored */
  readonly output?: O
  /** What can be sent to a run. @default nothing */
  readonly signals?: S
  /** The events that start a run, with the event's data as input, or with what `eventStart` says. @default none */
  readonly from?: readonly ((ReadableEvent & { readonly startWith?: never }) | EventStart<Given<I>>)[]
}

/** The data that a workflow's function gets, and the input with which it is started. */
type Taken<I> = I extends Schema ? InferOutput<I> : undefined
type Given<I> = I extends Schema ? InferInput<I> : undefined

/** A durable function. */
export interface Workflow<Input = unknown, Output = unknown, Signals extends SignalSources = SignalSources>
  extends WorkflowType<Input, Output, Signals>, Runnable<Input, RunHandle<WorkflowType<Input, Output, Signals>>> {
  readonly input: Schema | undefined
  readonly output: Schema | undefined
  readonly from: readonly ReadableEvent[]
  readonly settings: WorkflowSettings
  /** Executes it with an input as its schema gives it. */
  execute(w: WorkflowContext, input: unknown): unknown
}

/**
 * Defines a durable function: `workflow('fulfil', { version: 3, input: FulfilInput }, async (w, input) => { … })`. It is executed again from
 * the beginning when another process takes a run over; what its steps have come to is recorded.
 */
export function workflow<
  O extends Schema,
  I extends Schema | undefined = undefined,
  const S extends SignalSources = Readonly<Record<never, never>>,
>(
  name: string,
  options: WorkflowOptions<I, O, S> & { readonly output: O },
  run: (w: WorkflowContext<S, Given<I>>, input: Taken<I>) => InferInput<O> | Promise<InferInput<O>>,
): Workflow<Given<I>, InferOutput<O>, S>
export function workflow<Output, I extends Schema | undefined = undefined, const S extends SignalSources = Readonly<Record<never, never>>>(
  name: string,
  options: WorkflowOptions<I, undefined, S>,
  run: (w: WorkflowContext<S, Given<I>>, input: Taken<I>) => Output,
): Workflow<Given<I>, Awaited<Output>, S>
export function workflow(
  name: string,
  options: WorkflowParts<Schema | undefined, Schema | undefined, SignalSources> & WorkflowLimits<never>,
  run: (w: never, input: never) => unknown,
): Workflow {
  const { version = 1, input, output, signals = {}, from = [] } = options
  const refuse = (received: string): never => {
    throw new OptionError(`workflow ${shown(name)} received ${received}.`)
  }
  if (typeof name !== 'string' || !/^[\w.-]{1,80}$/.test(name))
    refuse('a name that cannot be used; wanted 1 to 80 letters, digits, dots, dashes and underscores, such as "fulfil"')
  if (!Number.isSafeInteger(version) || version < 1) refuse(`the version ${shown(version)}; wanted a whole number of 1 or more`)
  if (typeof run !== 'function') refuse(`${shown(run)} as its function; wanted (w, input) => …`)
  for (const schema of [input, output])
    if (schema !== undefined && !isSchema(schema))
      refuse(`${shown(schema)} as a schema; wanted any Standard Schema, such as z.object({ … })`)
  for (const [signal, source] of Object.entries(signals))
    if (!isSignalSource(source)) refuse(`${shown(source)} as the signal ${signal}; wanted a schema, or eventSignal(…)`)
  const settings = resolveWorkflow(name, options)
  // It is only ever called with what its own schemas give.
  const execute = run as Workflow['execute']
  return { kind: 'workflow', name, version, input, output, signals, from, settings, execute }
}
