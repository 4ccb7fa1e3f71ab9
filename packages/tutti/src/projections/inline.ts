import { OptionError, resolveRetry, retryDelay, systemClock, type Clock, type TraceContext } from '../kernel/index.ts'
import type { NewEvent, RecordedEvent } from '../message/index.ts'
import { ambientTracer, inSpan, silentLogger, type Logger } from '../observe/index.ts'
import { DocumentConflictError, type AppendOptions, type Appended, type Storage, type Transaction } from '../storage/index.ts'
import { buildId, type Build } from './build.ts'
import { BuildTables } from './build-tables.ts'
import { isContention, newestBuild, updateControl } from './control.ts'
import { HandlerFailure, SharedFailure } from './errors.ts'
import type { Projection } from './projection.ts'
import { ProjectionScope } from './projection-scope.ts'
import { Watchdog } from './watchdog.ts'

/** Read models that are kept up to date in the transactions that append events: they are never behind, and every append pays for them. */
export interface InlineProjections {
  /**
   * Sets new versions up and builds them from the events that are there already, each in one transaction. Nothing else may append
   * meanwhile: start one process alone where a version is new.
   */
  start(): Promise<void>
  /** Whether any of the events concerns a projection. */
  concerns(events: readonly { readonly type: string }[]): boolean
  /** Handles events within the transaction that has appended them. Rejects with what a handler throws: then the append must not commit. */
  apply(tx: Transaction, events: readonly RecordedEvent[]): Promise<void>
  /**
   * Appends events and handles them, in one transaction or in the one that is going on. Where none concerns a projection it is a plain append.
   * Handlers may be called again, on new state, where others have written to the same documents meanwhile.
   */
  append(stream: string, events: readonly NewEvent[], options?: AppendOptions): Promise<Appended>
}

/** Creates what keeps inline projections up to date. Throws `TUTTI_OPTION_INVALID` for a projection of another mode. */
export function createInline(
  storage: Storage,
  projections: readonly Projection[],
  { clock = systemClock, log = silentLogger }: { readonly clock?: Clock; readonly log?: Logger } = {},
): InlineProjections {
  const wrong = projections.find(({ mode }) => mode !== 'inline')
  if (wrong !== undefined)
    throw new OptionError(`createInline received the projection ${wrong.name} of mode "${wrong.mode}"; wanted { mode: 'inline' }.`)
  return new StorageInline(storage, projections, { clock, log })
}

const page = 500

/** Inline projections are part of the command whose events they handle. */
const tracer = ambientTracer('tutti.projections')

/** Each time somebody else has got ahead, so the attempts are many and soon. */
const contention = resolveRetry({ attempts: 50, delay: 2, maxDelay: 50 })

class StorageInline implements InlineProjections {
  readonly #storage: Storage
  readonly #projections: readonly Projection[]
  readonly #clock: Clock
  readonly #log: Logger
  readonly #types: ReadonlySet<string>
  readonly #tables: BuildTables

  constructor(storage: Storage, projections: readonly Projection[], { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#storage = storage
    this.#projections = projections
    this.#clock = clock
    this.#log = log
    this.#tables = new BuildTables(storage)
    this.#types = new Set(projections.flatMap(({ handlers }) => [...handlers.keys()]))
  }

  async start(): Promise<void> {
    for (const projection of this.#projections) {
      const build = this.#build(projection)
      await updateControl(this.#storage, projection.name, async (before) => {
        const newest = before && newestBuild(before)
        if (newest !== undefined && newest.version >= projection.version) return undefined
        // The transaction of the control document is going on around this.
        await this.#storage.transaction((tx) => this.#create(tx, projection, build))
        const builds = [...(before?.builds ?? []), build]
        return { revision: 0, kind: 'projection', live: build.id, active: build.id, builds, paused: false }
      })
    }
  }

  concerns(events: readonly { readonly type: string }[]): boolean {
    return events.some(({ type }) => this.#types.has(type))
  }

  async apply(tx: Transaction, events: readonly RecordedEvent[]): Promise<void> {
    for (const projection of this.#projections) await this.#handle(tx, projection, { events, replaying: false })
  }

  append(stream: string, events: readonly NewEvent[], options: AppendOptions = {}): Promise<Appended> {
    if (!this.concerns(events)) return this.#storage.events.append(stream, events, options)
    // Whoever has begun the transaction that is going on has read more than the handlers, so only they can begin it again.
    if (this.#storage.running !== undefined) return this.#append(stream, events, options)
    return this.#again(() => this.#append(stream, events, options))
  }

  /** Does work that leaves nothing behind where it fails again while others are faster: they write to the same documents and rows. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (attempt >= contention.attempts || !(error instanceof DocumentConflictError || isContention(error))) throw error
        await this.#clock.sleep(retryDelay(contention, attempt))
      }
    }
  }

  #append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<Appended> {
    return this.#storage.transaction(async (tx) => {
      const { tx: _, ...rest } = options
      const appended = await tx.events.append(stream, events, rest)
      if (appended.duplicate) return appended
      const from = appended.version - events.length + 1
      await this.apply(tx, await tx.events.read(stream, { from, to: appended.version }).toArray())
      return appended
    })
  }

  async #create(tx: Transaction, projection: Projection, build: Build): Promise<void> {
    await this.#tables.define(build, projection.tables.setup)
    let after = 0
    for (;;) {
      const types = [...projection.handlers.keys()]
      const { events, position } = await tx.events.page({ after, limit: page, types, archived: true })
      await this.#handle(tx, projection, { events, replaying: true })
      if (events.length < page) return
      after = position
    }
  }

  #handle(
    tx: Transaction,
    projection: Projection,
    batch: { readonly events: readonly RecordedEvent[]; readonly replaying: boolean },
  ): Promise<void> {
    const attributes = { 'tutti.projection': projection.name, 'tutti.event.count': batch.events.length }
    return inSpan(tracer, { name: `project ${projection.name}`, attributes }, ({ context }) =>
      this.#handleIn(tx, projection, { ...batch, trace: context }),
    )
  }

  async #handleIn(
    tx: Transaction,
    projection: Projection,
    {
      events,
      replaying,
      trace,
    }: { readonly events: readonly RecordedEvent[]; readonly replaying: boolean; readonly trace: TraceContext | undefined },
  ): Promise<void> {
    using watchdog = new Watchdog(this.#clock, projection.handling.timeout)
    const scope = new ProjectionScope(tx, { definition: projection, build: this.#build(projection), log: this.#log, watchdog, trace })
    try {
      await scope.handleAll(events.map((event) => ({ event, attempt: 1, replaying })))
    } catch (error) {
      throw error instanceof HandlerFailure || error instanceof SharedFailure ? error.cause : error
    }
    await tx.state.write(scope.documents.takeChanges())
  }

  #build({ name, version }: Projection): Build {
    return { id: buildId(name, version, 0), version, generation: 0, segments: 1, createdAt: this.#clock.now() }
  }
}
