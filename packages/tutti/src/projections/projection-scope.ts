import { runInContext } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { SqlDatabase, SqlFragment, Transaction } from '../storage/index.ts'
import { BatchDocuments } from './batch-documents.ts'
import { tableName, type Build } from './build.ts'
import { HandlerFailure } from './errors.ts'
import { contextOf } from './event-context.ts'
import { handle } from './event-handlers.ts'
import type { BuildContext, ProjectionContext, ProjectionDocuments } from './handler-context.ts'
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
}

/** One transaction in which events are handled. */
export class ProjectionScope extends BuildScope {
  readonly documents: BatchDocuments
  readonly log: Logger
  readonly afterCommit: (work: () => void) => void
  readonly #definition: Projection
  readonly #watchdog: Watchdog

  constructor(tx: Transaction, { definition, build, log, watchdog }: Parts) {
    super(tx, build)
    this.documents = new BatchDocuments(tx.state, build.id)
    this.log = log
    this.afterCommit = (work) => tx.onCommit(() => attempt(work, log))
    this.#definition = definition
    this.#watchdog = watchdog
  }

  get signal(): AbortSignal {
    return this.#watchdog.signal
  }

  /** Calls the handler of an event; a promise where it has to be awaited. Throws a `HandlerFailure`. */
  handle(
    event: RecordedEvent,
    at: { readonly index: number; readonly attempt: number; readonly replaying: boolean },
  ): Promise<void> | undefined {
    const ctx = new EventScope(this, at)
    try {
      const result = runInContext(contextOf(event, this.signal), () => handle(this.#definition, event, ctx), undefined)
      if (!isPromise(result)) return undefined
      return this.#watchdog.watch(result).catch((error: unknown) => {
        throw new HandlerFailure(at.index, error)
      })
    } catch (error) {
      throw new HandlerFailure(at.index, error)
    }
  }
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

  constructor(scope: ProjectionScope, { attempt, replaying }: { readonly attempt: number; readonly replaying: boolean }) {
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
