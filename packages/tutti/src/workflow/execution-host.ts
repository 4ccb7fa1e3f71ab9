import type { DocumentChange, Storage } from '../storage/index.ts'
import type { EngineSettings } from './engine-settings.ts'
import type { Failure } from './failure.ts'
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

/** What an execution needs of the process. */
export interface ExecutionHost {
  readonly storage: Storage
  readonly settings: EngineSettings
  /** What is written together with the end of a run. */
  ending(run: RunName, value: RunValue): Promise<readonly DocumentChange[]>
}
