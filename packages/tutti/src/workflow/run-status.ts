import type { Failure } from './failure.ts'
import {
  pageKey,
  runsOf,
  type JournalRecord,
  type OperationKind,
  type PlacedFailure,
  type RunDocument,
  type RunState,
  type RunValue,
} from './run-document.ts'
import type { StateStore } from '../storage/index.ts'

/** What a run is waiting for. */
export interface WaitStatus {
  /** The path of the operation, such as `approval`. */
  readonly step: string
  readonly kind: OperationKind
  /** When the waiting ends by itself. */
  readonly until?: Date
  /** How often it was tried already, and how that ended. */
  readonly attempts?: number
  readonly failure?: Failure
}

/** How a run is. */
export interface RunStatus {
  readonly id: string
  readonly workflow: string
  readonly version: number
  readonly state: RunState
  readonly tenant: string | undefined
  /** The run that waits for this one. */
  readonly parent: { readonly workflow: string; readonly id: string } | undefined
  readonly input: unknown
  /** What it came to; only where it is completed. */
  readonly output: unknown
  /** Why it is being undone, or has ended without a result. */
  readonly failure: PlacedFailure | undefined
  /** Why it is stuck, or which undo failed. */
  readonly problem: PlacedFailure | undefined
  readonly waitsFor: readonly WaitStatus[]
  /** How many operations it has recorded. */
  readonly recorded: number
  /** How many signals it has not taken yet. */
  readonly inbox: number
  /** The process that executes it. */
  readonly owner: string | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly endedAt: Date | undefined
  readonly deadline: Date | undefined
  /** When it is looked at next. */
  readonly due: Date | undefined
}

/** Something that a run has done. */
export interface StepStatus {
  readonly step: string
  readonly kind: OperationKind
  readonly endedAt: Date
  /** Milliseconds. */
  readonly took: number
  readonly attempts: number
  readonly result: unknown
  readonly failure: Failure | undefined
  /** Whether it was undone, or is to be undone if the run fails. */
  readonly undo: 'none' | 'possible' | 'done'
}

/** How a run is, by its document. */
export function statusOf({ key, value, tenant, owner, leaseUntil, updatedAt, due }: RunDocument, now: number): RunStatus {
  const executed = owner !== undefined && (leaseUntil ?? 0) > now
  const { pending = [], deadline, endedAt } = value
  return {
    id: key.slice(key.indexOf('/') + 1),
    workflow: workflowOf(key),
    version: value.version,
    state: value.state === 'queued' && executed ? 'running' : value.state,
    tenant,
    parent: value.parent,
    input: value.input,
    output: value.output,
    failure: value.failure,
    problem: value.problem,
    waitsFor: pending.map(({ path, kind, until, attempt, failure }) => ({
      step: path,
      kind,
      ...(until !== undefined && { until: new Date(until) }),
      ...(attempt !== undefined && { attempts: attempt }),
      ...(failure && { failure }),
    })),
    recorded: value.paged + value.tail.length,
    inbox: value.inbox?.length ?? 0,
    owner: executed ? owner : undefined,
    createdAt: new Date(value.createdAt),
    updatedAt: new Date(updatedAt),
    endedAt: dateOf(endedAt),
    deadline: dateOf(deadline),
    due: endedAt === undefined ? dateOf(due) : undefined,
  }
}

/** The name of the workflow in the key of a run. */
export function workflowOf(key: string): string {
  return key.slice(runsOf('').length, key.indexOf('/'))
}

/** Pages that are read at once. */
const pagesAtOnce = 50

/** The part of a journal that is not in the run's own document. */
export async function readPages(state: Pick<StateStore, 'getMany'>, { key, value }: RunDocument): Promise<readonly JournalRecord[]> {
  const id = key.slice(key.indexOf('/') + 1)
  const keys = Array.from({ length: value.pages }, (_, page) => pageKey(workflowOf(key), id, page))
  const records: JournalRecord[] = []
  for (let i = 0; i < keys.length; i += pagesAtOnce)
    for (const page of await state.getMany<readonly JournalRecord[]>(keys.slice(i, i + pagesAtOnce))) records.push(...(page?.value ?? []))
  return records
}

/** What a run has done, by its whole journal. */
export function stepsOf(records: readonly JournalRecord[], { voided = [] }: RunValue): readonly StepStatus[] {
  const gone = new Set(voided)
  const counting = records.filter((_, seq) => !gone.has(seq))
  const undone = new Set(counting.filter(({ kind, failure }) => kind === 'undo' && failure === undefined).map(({ path }) => path))
  return counting.map(({ path, kind, at, took = 0, attempts = 1, result, failure, undo }) => ({
    step: path,
    kind,
    endedAt: new Date(at),
    took,
    attempts,
    result,
    failure,
    undo: undone.has(`undo:${path}`) ? 'done' : undo === true ? 'possible' : 'none',
  }))
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}
