import type { Duration, RetryOptions } from '../../kernel/index.ts'
import type { Rejected, Sendable } from '../../message/index.ts'
import type { SignalData, SignalSources } from '../signal-source.ts'
import type { StepContext } from '../step-context.ts'
import type { Workflow } from '../workflow.ts'
import type { InputOf, OutputOf, WorkflowType } from '../workflow-type.ts'
import type { SagaHandlers } from './run-saga.ts'
import type { SagaGraph } from './saga-graph.ts'

/** What a saga has been given, and what it has come to so far. */
export interface SagaState<Input, Results> {
  readonly input: Input
  /** What the steps before have come to, by name. */
  readonly results: Readonly<Results>
}

/** What the functions of a step get. */
export type SagaStepContext<Input, Results> = StepContext & SagaState<Input, Results>

/** How a step of a saga is tried. */
export interface SagaAttempts {
  /** When a step that failed is tried again; `nonRetryable` errors are not. @default the saga's */
  readonly retry?: Omit<RetryOptions, 'retryIf'>
  /** How long one attempt may take. @default the saga's */
  readonly timeout?: Duration
}

/** Takes back what a step of a saga did. */
export type SagaUndo<Input, Results, Result> = (result: Result, ctx: SagaStepContext<Input, Results>) => unknown

/** How a step of a saga is taken back. */
export interface SagaUndoOptions<Input, Results, Result> extends SagaAttempts {
  readonly run: SagaUndo<Input, Results, Result>
  /** Also where nobody knows whether the step had an effect; `result` is undefined then. @default false */
  readonly onUnknown?: boolean
}

/** What can be taken back, and how. */
export interface SagaUndoable<Input, Results, Result> extends SagaAttempts {
  /** @default there is nothing to take back */
  readonly undo?: SagaUndo<Input, Results, Result> | SagaUndoOptions<Input, Results, Result>
}

/** What a step of a saga does, and how it is taken back. */
export interface SagaStep<Input, Results, Result> extends SagaUndoable<Input, Results, Awaited<Result>> {
  readonly run: (ctx: SagaStepContext<Input, Results>) => Result
}

/** Which command a saga sends, and how that is taken back. */
export interface SagaCommand<Input, Results, Result, OnRejected extends 'fail' | 'continue'> extends SagaUndoable<
  Input,
  Results,
  SentResult<Result, OnRejected>
> {
  readonly command: (state: SagaState<Input, Results>) => Sendable<Result>
  /** What becomes of a saga whose command an aggregate rejects: it has failed with the code and is undone, or it goes on. @default 'fail' */
  readonly onRejected?: OnRejected
}

/** What a command of a saga comes to. */
export type SentResult<Result, OnRejected> = OnRejected extends 'continue' ? Result : Exclude<Result, Rejected>

/** What becomes of a saga whose signal does not come in time. */
export interface SagaWait<OnTimeout extends 'continue' | 'fail'> {
  readonly within: Duration
  /** `continue`: the result is undefined. `fail`: the run has failed, and is undone. @default 'continue' */
  readonly onTimeout?: OnTimeout
}

/** What several branches come to together. */
type Together<Parts> = Intersection<
  { [K in keyof Parts]: Parts[K] extends (part: never) => SagaResults<infer Results> ? Results : never }[keyof Parts]
>

type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never

declare const results: unique symbol

/** Something that has the results of a saga's steps. */
export interface SagaResults<Results> {
  readonly [results]?: Results
}

/**
 * A workflow that is written as a list of steps. Each method gives a new saga with one more of them; the results of the steps before are
 * typed. A saga can be started as it is: its result are the results of its steps.
 */
export interface Saga<Given, Input, Results, Signals extends SignalSources>
  extends Workflow<Given, Readonly<Results>, Signals>, SagaResults<Results> {
  /** Does something, and says how it is taken back. */
  step<Name extends string, Result>(
    name: Name,
    step: SagaStep<Input, Results, Result>,
  ): Saga<Given, Input, Results & { readonly [K in Name]: Awaited<Result> }, Signals>
  /**
   * Does several steps at the same time; when one fails, the others are given up and undone. The undo of a step whose `run` looks at what it
   * gets has to be told the type of its result, or stands in a part.
   */
  parallel<Together extends Readonly<Record<string, unknown>>, Undone extends Readonly<Record<string, unknown>> = Together>(
    // Twice, so that an undo whose type cannot be worked out leaves that of the result alone.
    steps: { readonly [K in keyof Together]: { readonly run: SagaStep<Input, Results, Together[K]>['run'] } } & {
      readonly [K in keyof Undone]: SagaStep<Input, Results, Undone[K]>
    },
  ): Saga<Given, Input, Results & { readonly [K in keyof Together]: Awaited<Together[K]> }, Signals>
  /** Does several parts at the same time, each of them one step after the other. */
  parallel<Parts extends Readonly<Record<string, (part: Saga<Given, Input, Results, Signals>) => SagaResults<unknown>>>>(
    parts: Parts,
  ): Saga<Given, Input, Results & Together<Parts>, Signals>
  /** Does one part or another; the results of either may be missing behind it, and that of `name` says which one was done. */
  branch<Name extends string, Done, Otherwise = Results>(
    name: Name,
    ways: {
      readonly when: (state: SagaState<Input, Results>) => boolean
      readonly do: (part: Saga<Given, Input, Results, Signals>) => Saga<Given, Input, Done, Signals>
      /** @default nothing */
      readonly otherwise?: (part: Saga<Given, Input, Results, Signals>) => Saga<Given, Input, Otherwise, Signals>
    },
  ): Saga<
    Given,
    Input,
    Results & { readonly [K in Name]: boolean } & Partial<Omit<Done, keyof Results>> & Partial<Omit<Otherwise, keyof Results>>,
    Signals
  >
  /** Waits for a signal, or for the event that sends it. */
  wait<Name extends keyof Signals & string>(
    signal: Name,
  ): Saga<Given, Input, Results & { readonly [K in Name]: SignalData<Signals[Name]> }, Signals>
  /** As above, for so long at most. */
  wait<Name extends keyof Signals & string, OnTimeout extends 'continue' | 'fail' = 'continue'>(
    signal: Name,
    options: SagaWait<OnTimeout>,
  ): Saga<
    Given,
    Input,
    Results & { readonly [K in Name]: SignalData<Signals[Name]> | (OnTimeout extends 'fail' ? never : undefined) },
    Signals
  >
  /** Waits for a span of time. */
  sleep(time: Duration): Saga<Given, Input, Results, Signals>
  /** Waits until a date, or for a span of time, that the steps before tell. */
  sleepUntil(name: string, until: (state: SagaState<Input, Results>) => Date | Duration): Saga<Given, Input, Results, Signals>
  /** Sends a command. */
  send<Name extends string, Result, OnRejected extends 'fail' | 'continue' = 'fail'>(
    name: Name,
    command: SagaCommand<Input, Results, Result, OnRejected>,
  ): Saga<Given, Input, Results & { readonly [K in Name]: SentResult<Result, OnRejected> }, Signals>
  /** Starts a run of another workflow and waits for its result; it is undone with this one. */
  run<Name extends string, W extends WorkflowType>(
    name: Name,
    workflow: W,
    input: (state: SagaState<Input, Results>) => InputOf<W>,
  ): Saga<Given, Input, Results & { readonly [K in Name]: OutputOf<W> }, Signals>
  /** Says what the result is; nothing comes behind it. */
  returns<Output>(output: (state: SagaState<Input, Results>) => Output): FinishedSaga<Given, Output, Signals>
  /** The saga as data. */
  graph(): SagaGraph
  /** Its functions, by the names that stand for them in the graph. */
  readonly handlers: SagaHandlers
}

/** A saga that has said what its result is. */
export interface FinishedSaga<Given, Output, Signals extends SignalSources> extends Workflow<Given, Output, Signals> {
  /** The saga as data. */
  graph(): SagaGraph
  /** Its functions, by the names that stand for them in the graph. */
  readonly handlers: SagaHandlers
}
