import type { Duration } from '../kernel/index.ts'
import type { Askable, Sendable } from '../message/index.ts'
import type { Logger } from '../observe/index.ts'
import type { Transaction } from '../storage/index.ts'
import type { WorkflowError } from './errors.ts'
import type { SignalData, SignalSources } from './signal-source.ts'
import type { StepContext } from './step-context.ts'
import type { StepOptions } from './step-options.ts'
import type { InputOf, OutputOf, WorkflowType } from './workflow-type.ts'

/** Facts about a run. */
export interface RunFacts {
  readonly id: string
  readonly workflow: string
  readonly version: number
  readonly tenant: string | undefined
  readonly createdAt: Date
  readonly deadline: Date | undefined
}

/** How a command or query is sent from a run. */
export interface SendOptions<Result> extends StepOptions<Result> {
  /** What it is called in the journal. @default 'send' or 'ask' */
  readonly name?: string
}

/** How a run is started by another one, which waits for its result. */
export interface ChildOptions {
  /** What it is called in the journal, and in the child's id. @default the name of the workflow */
  readonly name?: string
  /** @default the id of this run and the name */
  readonly id?: string
  /** How long the child may take. @default what its workflow says */
  readonly deadline?: Duration
}

/**
 * What a workflow does everything with. Its function is executed again from the beginning when another process takes the run over, and gets
 * the recorded results then: so all that has an effect, or may come out differently, belongs into one of these calls.
 */
export interface WorkflowContext<Signals extends SignalSources = SignalSources, Input = unknown> {
  readonly info: RunFacts
  /** Writes lines only for what happens for the first time. */
  readonly log: Logger
  /** Does something once, at least: its result is recorded, and what fails is tried again. Throws `TUTTI_STEP_FAILED`. */
  step<Result>(name: string, work: (ctx: StepContext) => Result, options?: StepOptions<Awaited<Result>>): Promise<Awaited<Result>>
  /** Does something in the storage exactly once: in the same transaction as the record of it. Throws `TUTTI_STEP_FAILED`. */
  tx<Result>(name: string, work: (tx: Transaction, ctx: StepContext) => Promise<Result>, options?: StepOptions<Result>): Promise<Result>
  /**
   * Does several things at the same time: `w.all({ label: () => w.step(…), fee: () => w.step(…) })`. When one fails, the others are given
   * up, what they had done is undone, and the error of the first one is thrown.
   */
  all<Branches extends Readonly<Record<string, () => unknown>>>(
    branches: Branches,
  ): Promise<{ readonly [K in keyof Branches]: Awaited<ReturnType<Branches[K]>> }>
  /** Waits for a signal, or takes one that has come already. */
  signal<Name extends keyof Signals & string>(name: Name): Promise<SignalData<Signals[Name]>>
  /** As above; `undefined` where none has come in time. */
  signal<Name extends keyof Signals & string>(
    name: Name,
    options: { readonly within: Duration },
  ): Promise<SignalData<Signals[Name]> | undefined>
  /** Waits for a span of time, or until a date. The run needs no process meanwhile. */
  sleep(time: Duration | Date): Promise<void>
  /** The time, recorded. */
  now(): Date
  /** A number from 0 to below 1, recorded. */
  random(): number
  /** A new id, recorded. */
  id(): string
  /** Whether a run does the new of two ways through the code: true for runs that have not come past here without it. Name each edit anew. */
  patched(edit: string): boolean
  /** Carries a command out by its one handler, or by its aggregate; a command of an aggregate is carried out once. */
  send<Result>(command: Sendable<Result>, options?: SendOptions<Result>): Promise<Result>
  /** Asks a query. */
  ask<Result>(query: Askable<Result>, options?: SendOptions<Result>): Promise<Result>
  /** Starts a run of another workflow and waits for its result. It is cancelled and undone with this one. Throws `TUTTI_RUN_FAILED`. */
  run<W extends WorkflowType>(workflow: W, input: InputOf<W>, options?: ChildOptions): Promise<OutputOf<W>>
  /** An error to throw: the run cannot succeed, and undoes what it did. */
  fail(reason: string, details?: Readonly<Record<string, unknown>>): WorkflowError
  /** Ends here and goes on from the beginning with another input and an empty journal. What was done until now is not undone any more. */
  continueAs(input: Input): Promise<never>
}
