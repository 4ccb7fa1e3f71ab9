import type { Clock } from '../kernel/index.ts'
import type { ProtocolVerbs } from '../message/index.ts'
import type { Logger } from '../observe/index.ts'
import type { DocumentChange, Transaction } from '../storage/index.ts'
import type { ChildRuns, RunName } from './execution-host.ts'
import type { Place, Scope } from './place.ts'
import type { InboxItem, JournalRecord, OperationKind, PendingOperation } from './run-document.ts'
import type { StepContext } from './step-context.ts'
import type { AttemptOptions } from './step-options.ts'
import type { UndoStack } from './undo-stack.ts'
import type { WaitEnd } from './waits.ts'
import type { RunFacts } from './workflow-context.ts'

/** How an operation has come out. */
export type Outcome = Pick<JournalRecord, 'result' | 'failure' | 'attempts' | 'took' | 'undo'>

/** What an effect came to, and where it stands in the journal. */
export interface Done {
  readonly result: unknown
  readonly seq: number
}

/** What goes with a record. */
export interface Weight {
  /** Characters of the result. @default 0 */
  readonly size?: number
  /** What was taken out of the inbox for it. @default nothing */
  readonly taken?: InboxItem | undefined
}

/** One try of a step. */
export interface Attempt {
  readonly attempt: number
  readonly timeout: number | undefined
  /** Whether what it does can be taken back. */
  readonly undoable: boolean
}

/** Where something is tried. */
export type AttemptPlace = Pick<Place, 'scope' | 'path' | 'kind'>

/** What operations do their work with: a run that is being executed. */
export interface Operations {
  readonly clock: Clock
  /** Silent for what is not happening for the first time. */
  readonly log: Logger
  readonly info: RunFacts
  readonly name: RunName
  /** The run's id, with the number of its journal from the second one on: what keys of steps and ids of children begin with. */
  readonly journalId: string
  readonly children: ChildRuns
  /** What the workflow says about the attempts of its steps. */
  readonly attempts: AttemptOptions
  /** The most characters of a result. */
  readonly payload: number
  /** The branch from which this is called. */
  readonly scope: Scope
  /** What would have to be taken back. */
  readonly undos: UndoStack
  /** Where commands and queries lead. */
  readonly verbs: Pick<ProtocolVerbs, 'sendWith' | 'ask'> | undefined
  /** Begins an operation of the branch from which it is called. Throws `TUTTI_WORKFLOW_DIVERGED`. */
  enter(kind: OperationKind, name: string): Place
  /** Where something is undone that was done at a path. */
  undoPlace(path: string): Place
  /** Whether there is something recorded at the next place of a branch or behind it. */
  isBehind(scope: Scope): boolean
  /** Whether something was recorded under a path. */
  has(path: string): boolean
  /** Does the work of a branch. */
  within<T>(scope: Scope, work: () => T): T
  /**
   * Settles when an operation may take effect: all that was done before is durable. Rejects where the branch or the run was given up, and
   * does not settle at all where the run is not executed here any more.
   */
  ready(place: Pick<Place, 'scope'>): Promise<void>
  /** Records how an operation has come out. Gives its place in the journal. */
  record(place: Pick<Place, 'path' | 'kind' | 'n'>, outcome: Outcome, weight?: Weight): number
  /** Tries something that has an effect, within the middleware of the engine. */
  attempt(place: AttemptPlace, how: Pick<Attempt, 'attempt' | 'timeout'>, work: (ctx: StepContext) => unknown): Promise<unknown>
  /** Does something that has no effect. */
  look<T>(place: AttemptPlace, work: () => Promise<T>): Promise<T>
  /** Does something in a transaction that commits together with the record of it. */
  transact(place: Place, how: Attempt, work: (tx: Transaction, ctx: StepContext) => Promise<unknown>): Promise<Done>
  /** Waits for time, or for an item of the inbox, which is taken. */
  wait(
    place: Place,
    pending: Pick<PendingOperation, 'until' | 'attempt' | 'failure'>,
    wanted?: Pick<InboxItem, 'kind' | 'name'>,
  ): Promise<WaitEnd>
  /**
   * Creates a document together with a record that this run is still executed here, unless it exists: a process that has lost the run
   * creates nothing any more. Resolves with whether it was created.
   */
  create(change: DocumentChange): Promise<boolean>
  /** Counts that the time for something is over. */
  timedOut(kind: OperationKind): void
  /** Takes an item of the inbox, which leaves that when it is recorded what it was taken for. */
  take(wanted: Pick<InboxItem, 'kind' | 'name'>): InboxItem | undefined
  /** Goes on from the beginning with another input. Never settles where that can be done. */
  continueAs(input: unknown): Promise<never>
}
