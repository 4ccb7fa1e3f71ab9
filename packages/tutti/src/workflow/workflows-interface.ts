import type { Duration } from '../kernel/index.ts'
import type { RunHandle } from './run-handle.ts'
import type { RunCounts, RunPage, RunQuery } from './run-search.ts'
import type { RunStatus } from './run-status.ts'
import type { StartOptions } from '../message/index.ts'
import type { InputOf, WorkflowType } from './workflow-type.ts'

/** Starts and executes runs of workflows, together with the other processes that share the storage. */
export interface Workflows extends AsyncDisposable {
  /** Begins to execute runs. */
  start(): Promise<void>
  /** Ends after what is being done now, and gives the runs to the others. Idempotent. */
  stop(options?: { readonly timeout?: Duration }): Promise<void>
  /** Starts a run, once for each id. Within a transaction it is started with that, or not at all. */
  run<W extends WorkflowType>(workflow: W, input: InputOf<W>, options?: StartOptions): Promise<RunHandle<W>>
  /** A run by its id, whether it exists or not. */
  get<W extends WorkflowType>(workflow: W, id: string): RunHandle<W>
  /** Runs by what they are: by state, workflow, age and tenant. */
  list(query?: RunQuery): Promise<RunPage>
  /**
   * How many runs are in which state, of one workflow or of all. Where more than 500 of a version go on, how many of those are in which
   * state is told by the shares of 500.
   */
  count(workflow?: string): Promise<RunCounts>
  /** Runs that go on, but that no living process can execute: their version of the workflow is deployed nowhere. */
  stranded(options?: { readonly limit?: number }): Promise<readonly RunStatus[]>
  /**
   * Removes what is left of runs that have ended: of those whose time is over, which happens by itself as well, or of all that ended before
   * a date. Resolves with their number.
   */
  prune(options?: { readonly before?: Date }): Promise<number>
  /** Removes what is left of one run. Resolves with whether it had ended, and is gone. */
  remove(workflow: string, id: string): Promise<boolean>
}
