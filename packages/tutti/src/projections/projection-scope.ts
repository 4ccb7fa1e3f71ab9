import { runInContext, type TraceContext } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { SqlDatabase, SqlFragment, Transaction } from '../storage/index.ts'
import { BatchDocuments } from './batch-documents.ts'
import { tableName, type Build } from './build.ts'
import { HandlerFailure, SharedFailure } from './errors.ts'
import { contextOf } from './event-context.ts'
import { handle } from './event-handlers.ts'
import type { BuildContext, ProjectionContext, ProjectionDocuments } from './handler-context.ts'
import { PendingStatements } from './pending-statements.ts'
import type { Projection } from './projection.ts'
import type { Watchdog } from './watchdog.ts'

/** What `setup` and `teardown` get. */
export class BuildScope implements BuildContext {
  readonly tx: Transaction
  readonly version: number
  /** Not a method: handlers take it out of their context. */
  readonly table: (name: string) => SqlFragment

  constructor(tx: Transaction, build: Pick<Build, 'version' | 'generation'>) {
    this.tx = tx
    this.version = build.version
    this.table = (name) => tx.sql.id(tableName(build, name))
  }

  get sql(): SqlDatabase {
    return this.tx.sql
  }
}

interface Parts {
  readonly definition: Projection
  readonly build: Build
  readonly log: Logger
  readonly watchdog: Watchdog
  /** Whether statements that handlers return run together, so that several events share a round trip. @default true */
  readonly together?: boolean
  /** The span of the handling. */
  readonly trace: TraceContext | undefined
}

/** An event to be handled. */
export interface Occurrence {
  readonly event: RecordedEvent
  readonly attempt: number
  readonly replaying: boolean
}

/** One transaction in which events are handled. */
export class ProjectionScope extends BuildScope {
  readonly documents: BatchDocuments
  readonly log: Logger
  readonly afterCommit: (work: () => void) => void
  readonly #definition: Projection
  readonly #watchdog: Watchdog
  readonly #trace: TraceContext | undefined
  readonly #statements: PendingStatements | undefined

  constructor(tx: Transaction, { definition, build, log, watchdog, together = true, trace }: Parts) {
    super(tx, build)
    this.documents = new BatchDocuments(tx.state, build.id)
    this.log = log
    this.afterCommit = (work) => tx.onCommit(() => attempt(work, log))
    this.#definition = definition
    this.#watchdog = watchdog
    this.#trace = trace
    this.#statements = together ? new PendingStatements(tx) : undefined
  }

  get signal(): AbortSignal {
    return this.#watchdog.signal
  }

  /** Handles events in order. Rejects with a `HandlerFailure` for the first that failed, or with a `SharedFailure` where nobody knows. */
  async handleAll(occurrences: readonly Occurrence[]): Promise<void> {
    try {
      for (let index = 0; index < occurrences.length; index++) {
        const pending = this.#handle(occurrences[index] as Occurrence, index)
        if (pending !== undefined) await pending
      }
    } catch (error) {
      // Where a statement of an earlier event has failed, that one is to blame.
      await this.#settle()
      throw error
    }
    await this.#settle()
  }

  /** Calls the handler of an event; a promise where it has to be awaited before the next one. */
  #handle(occurrence: Occurrence, index: number): Promise<void> | undefined {
    const { event } = occurrence
    const ctx = new EventScope(this, occurrence)
    let result: unknown
    try {
      result = runInContext(contextOf(event, this.signal, this.#trace), () => handle(this.#definition, event, ctx), undefined)
    } catch (error) {
      throw new HandlerFailure(index, error)
    }
    if (this.#statements?.take(result, index) === true) return undefined
    const pending = isPromise(result) ? result : Array.isArray(result) && result.some(isPromise) ? inOrder(result) : undefined
    return pending && this.#wait(pending, index)
  }

  async #wait(pending: PromiseLike<unknown>, index: number): Promise<void> {
    let waiting = pending
    if (this.#statements?.any === true) {
      const started = Promise.resolve(pending)
      // Should it fail meanwhile, it is asked below, unless a statement before it has failed.
      started.catch(() => undefined)
      await this.#settle()
      waiting = started
    }
    try {
      await this.#watchdog.watch(waiting)
    } catch (error) {
      throw new HandlerFailure(index, error)
    }
  }

  /** Waits for the statements that handlers have returned. */
  async #settle(): Promise<void> {
    if (this.#statements?.any !== true) return
    try {
      await this.#watchdog.watch(this.#statements.settled())
    } catch (error) {
      throw error instanceof HandlerFailure || error instanceof SharedFailure ? error : this.#statements.blame(error)
    }
  }
}

async function inOrder(results: readonly unknown[]): Promise<void> {
  for (const result of results) await result
}

/** What the handler of one event gets. */
class EventScope implements ProjectionContext {
  readonly tx: Transaction
  readonly version: number
  readonly table: BuildContext['table']
  readonly documents: ProjectionDocuments
  readonly replaying: boolean
  readonly attempt: number
  readonly log: Logger
  readonly afterCommit: ProjectionContext['afterCommit']
  readonly #scope: ProjectionScope

  constructor(scope: ProjectionScope, { attempt, replaying }: Occurrence) {
    this.tx = scope.tx
    this.version = scope.version
    this.table = scope.table
    this.documents = scope.documents
    this.replaying = replaying
    this.attempt = attempt
    this.log = scope.log
    this.afterCommit = replaying ? nothing : scope.afterCommit
    this.#scope = scope
  }

  get sql(): SqlDatabase {
    return this.tx.sql
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }
}

function nothing(): void {}

function attempt(work: () => void, log: Logger): void {
  try {
    work()
  } catch (error) {
    // What was committed stays committed.
    log.error('What was to be done after a commit failed', { error })
  }
}

/** Whether something has to be awaited: SQL statements run only then. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
