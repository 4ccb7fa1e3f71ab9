import { newId, type Actor, type TraceContext } from '../kernel/index.ts'
import type { Document } from '../storage/index.ts'
import type { Failure } from './failure.ts'

/** How a run can have ended. */
export const endStates = ['completed', 'compensated', 'failed', 'compensation-failed', 'cancelled'] as const

export type EndState = (typeof endStates)[number]

/**
 * How a run is: `queued` until a process has room for it, `waiting` for time, a signal or a child, `undoing` what it did before it failed,
 * `stuck` where its code differs from what it began with; the others are ends.
 */
export type RunState = 'queued' | 'running' | 'waiting' | 'undoing' | 'stuck' | EndState

/** What a line of the journal is about. */
export type OperationKind = 'step' | 'tx' | 'send' | 'ask' | 'signal' | 'sleep' | 'run' | 'value' | 'patch' | 'all' | 'undo'

/** What has been done in a run, in the order in which it ended. */
export interface JournalRecord {
  /** The name within its branches, with a number from the second time on: `reserve`, `label/print`, `charge#2`. */
  readonly path: string
  readonly kind: OperationKind
  /** The place among the operations of its branch, in the order in which they were called. */
  readonly n: number
  /** When it ended, in milliseconds since 1970. */
  readonly at: number
  /** Milliseconds. */
  readonly took?: number
  readonly result?: unknown
  /** There only where it failed. */
  readonly failure?: Failure
  readonly attempts?: number
  /** Whether there is something to undo. */
  readonly undo?: true
}

/** What a run is waiting for. */
export interface PendingOperation {
  readonly path: string
  readonly kind: OperationKind
  readonly n: number
  /** When the waiting ends by itself, in milliseconds since 1970. */
  readonly until?: number
  /** How often it was tried, where it waits for the next attempt, and how the last one ended. */
  readonly attempt?: number
  readonly failure?: Failure
}

/** What was sent to a run and not taken by it yet. */
export interface InboxItem {
  readonly id: string
  /** A signal, or that a child has ended. */
  readonly kind: 'signal' | 'child'
  /** The signal's name, or the key of the child's document. */
  readonly name: string
  readonly data?: unknown
  /** Of several with the same key only the first one counts. @default its id */
  readonly key?: string
  /** Characters of the data. */
  readonly size: number
  /** In milliseconds since 1970. */
  readonly at: number
}

/** What is kept of the context in which a run was started. */
export interface StoredContext {
  readonly correlationId: string
  readonly causationId?: string
  readonly trace?: TraceContext
  readonly actor?: Actor
}

/** Why something failed, and where. */
export interface PlacedFailure extends Failure {
  readonly path?: string
}

/** Everything that is kept of a run in its own document. */
export interface RunValue {
  readonly version: number
  readonly state: RunState
  readonly input: unknown
  readonly createdAt: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** In milliseconds since 1970. */
  readonly deadline?: number
  readonly context: StoredContext
  /** The run that waits for this one. */
  readonly parent?: { readonly workflow: string; readonly id: string }
  /** How often it went on with a new journal. */
  readonly generation: number
  /** Grows with each write of the process that executes it. */
  readonly writes: number
  /** How often it had been claimed when it last got on. */
  readonly claims: number
  /** The newest part of the journal, and how many pages are before it, with how many records. */
  readonly tail: readonly JournalRecord[]
  readonly pages: number
  readonly paged: number
  /** Places of records that do not count any more, since the run was retried. */
  readonly voided?: readonly number[]
  readonly pending?: readonly PendingOperation[]
  readonly inbox?: readonly InboxItem[]
  /** Keys, or else ids, of the latest signals, so that none is taken twice. */
  readonly seen?: readonly string[]
  readonly cancel?: { readonly reason: string; readonly at: number }
  /** Why it is undone, or has ended without a result; `path` is that of the step that failed. */
  readonly failure?: PlacedFailure
  /** Why it is stuck, or which undo failed. */
  readonly problem?: PlacedFailure
  readonly output?: unknown
  readonly admission?: Admitted
}

/** Whether a run was let in, where its workflow has limits. */
export interface Admitted {
  readonly admitted: boolean
  /** Of which group of runs it is, where only so many go on at a time: it has a place there, or waits for one. */
  readonly group?: string
  /** When it was let in, or asks again, where only so many begin in a span of time; in milliseconds since 1970. */
  readonly begin?: number
}

/** A run as it is stored. */
export type RunDocument = Document<RunValue>

/** What tells a run that one of those that it has started has ended. */
export function childItem(key: string, now: number): InboxItem {
  return { id: newId(), kind: 'child', name: key, size: 0, at: now }
}

/** Whether a run has ended, for good or until somebody retries it. */
export function hasEnded(state: RunState): state is EndState {
  return endStates.some((end) => end === state)
}

/** The collection of the runs of a workflow. */
export function runsOf(workflow: string): string {
  return `runs:${workflow}`
}

export function runKey(workflow: string, id: string): string {
  return `${runsOf(workflow)}/${id}`
}

/** The document of a part of a journal. */
export function pageKey(workflow: string, id: string, page: number): string {
  return `run-pages:${workflow}/${page}:${id}`
}

/** The status of a run that goes on: processes claim those of the versions that they have. Others have their state as status. */
export function openStatus(version: number): string {
  return `open@${version}`
}
