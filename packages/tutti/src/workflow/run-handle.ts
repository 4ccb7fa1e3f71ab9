import type { SignalInputOf, SignalNameOf, OutputOf, WorkflowType } from './workflow-type.ts'
import type { RunStatus, StepStatus } from './run-status.ts'

/** How a signal is sent. */
export interface SignalOptions {
  /** Of signals with the same key only the first one counts. @default each counts */
  readonly key?: string
}

/** A run, from whatever process it is looked at. */
export interface RunHandle<W extends WorkflowType = WorkflowType> {
  readonly id: string
  readonly workflow: string
  /** Waits for its result. Throws `TUTTI_RUN_FAILED` where it ends without one, and `TUTTI_RUN_UNKNOWN`. */
  result(options?: { readonly signal?: AbortSignal }): Promise<OutputOf<W>>
  /** How it is now. Throws `TUTTI_RUN_UNKNOWN`. */
  status(): Promise<RunStatus>
  /** What it has done, in the order in which that ended. */
  steps(): Promise<readonly StepStatus[]>
  /** Sends it a signal, which is kept until it asks for it. Throws `TUTTI_RUN_ENDED`, and `TUTTI_VALIDATION` where the data does not fit. */
  signal<Name extends SignalNameOf<W>>(name: Name, data: SignalInputOf<W, Name>, options?: SignalOptions): Promise<void>
  /** Gives it up: what it did is undone. A run that has ended stays as it is; resolves with whether it was still going on. */
  cancel(reason?: string): Promise<boolean>
  /** Goes on with a run that has failed, from the step that did; with one whose undo failed, or that is stuck. Throws `TUTTI_RUN_ENDED`. */
  retry(): Promise<void>
}
