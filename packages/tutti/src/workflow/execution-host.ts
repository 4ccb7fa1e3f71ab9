import type { DocumentChange, Storage } from '../storage/index.ts'
import type { EngineSettings } from './engine-settings.ts'
import type { Failure } from './failure.ts'
import type { WorkflowType } from './workflow-type.ts'
import type { EndState, RunDocument, RunValue } from './run-document.ts'

/** How a run has left the memory of a process. */
export type Departure =
  | { readonly kind: 'ended'; readonly value: RunValue }
  | { readonly kind: 'parked'; readonly due: number | undefined }
  | { readonly kind: 'continued'; readonly document: RunDocument }
  | { readonly kind: 'lost' }

/** What a run is known by. */
export interface RunName {
  readonly workflow: string
  readonly id: string
}

/** How a run has ended. */
export interface RunEnd {
  readonly state: EndState | 'stuck'
  readonly output?: unknown
  readonly failure?: Failure
}

/** Runs that runs start. */
export interface ChildRuns {
  /** What is to be written to start a run, and to be done then. */
  prepare(
    workflow: WorkflowType,
    input: unknown,
    options: { readonly id: string; readonly parent: RunName; readonly deadline?: number; readonly tenant?: string },
  ): Promise<{ readonly change: DocumentChange; readonly begin: () => void }>
  /** How a run has ended; `undefined` while it goes on, and where there is none. */
  end(run: RunName): Promise<RunEnd | undefined>
  /** Cancels a run, or undoes one that is completed, and waits until that is done. Throws `TUTTI_RUN_FAILED` where it cannot be. */
  takeBack(run: RunName, signal: AbortSignal): Promise<void>
}

/** What goes with the end of a run. */
export interface Ending {
  readonly also: readonly DocumentChange[]
  /** To be called once it was written, or was not. @default nothing is to be done then */
  readonly settled?: (error?: unknown) => Promise<void>
}

/** What an execution needs of the process. */
export interface ExecutionHost {
  readonly storage: Storage
  readonly settings: EngineSettings
  readonly children: ChildRuns
  /** What is written together with the end of a run. */
  ending(run: RunName, value: RunValue): Promise<Ending>
}
