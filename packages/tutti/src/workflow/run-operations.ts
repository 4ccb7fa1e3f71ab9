import { AsyncLocalStorage } from 'node:async_hooks'
import { layered, type Clock } from '../kernel/index.ts'
import { silentLogger, type Logger } from '../observe/index.ts'
import type { DocumentChange, Transaction } from '../storage/index.ts'
import { attempting } from './attempting.ts'
import { beyondLimit, WorkflowError } from './errors.ts'
import type { ChildRuns, RunName } from './execution-host.ts'
import type { Attempt, AttemptPlace, Done, Operations, Outcome, Weight } from './operations.ts'
import { Scope, undoPath, type Place } from './place.ts'
import type { InboxItem, OperationKind, PendingOperation } from './run-document.ts'
import { never, type RunSession } from './run-session.ts'
import type { StepContext } from './step-context.ts'
import type { StepAttempt } from './step-middleware.ts'
import { countTimeOut } from './time-outs.ts'
import { transacting } from './transacting.ts'
import { UndoStack } from './undo-stack.ts'
import type { WaitEnd } from './waits.ts'
import type { RunFacts } from './workflow-context.ts'
import type { Workflow } from './workflow.ts'

const scopes = new AsyncLocalStorage<{ readonly run: Operations; readonly scope: Scope } | undefined>()

/** How the operations of a run get at the rest of it. */
export interface RunOperationsParts {
  readonly session: RunSession
  readonly workflow: Workflow
  /** The run does something else than its journal says. */
  onDiverged(error: WorkflowError): void
  continueAs(input: unknown): Promise<never>
}

/** The operations of a run that this process executes. */
export class RunOperations implements Operations {
  readonly undos = new UndoStack()
  readonly root: Scope
  readonly #parts: RunOperationsParts
  readonly #session: RunSession
  readonly #undoing: Scope
  readonly #log: Logger
  #diverged: WorkflowError | undefined

  constructor(parts: RunOperationsParts) {
    const { session } = parts
    this.#parts = parts
    this.#session = session
    this.#log = session.host.settings.log
    this.root = new Scope('', session.work.signal)
    this.#undoing = new Scope('', session.claim.signal)
  }

  get clock(): Clock {
    return this.#session.clock
  }

  get log(): Logger {
    return this.#session.model.journal.isReplaying ? silentLogger : this.#log
  }

  get info(): RunFacts {
    const { model, document, value } = this.#session
    const { name, version } = this.#parts.workflow
    const deadline = value.deadline === undefined ? undefined : new Date(value.deadline)
    return { id: model.id, workflow: name, version, tenant: document.tenant, createdAt: new Date(value.createdAt), deadline }
  }

  get name(): RunName {
    const { workflow, id } = this.#session.model
    return { workflow, id }
  }

  get journalId(): string {
    const { model, value } = this.#session
    return value.generation === 0 ? model.id : `${model.id}.${value.generation}`
  }

  get children(): ChildRuns {
    return this.#session.host.children
  }

  get attempts(): Operations['attempts'] {
    return this.#parts.workflow.settings.attempts
  }

  get payload(): number {
    return this.#session.host.settings.payload
  }

  get verbs(): Operations['verbs'] {
    return this.#session.host.settings.verbs
  }

  get scope(): Scope {
    const at = scopes.getStore()
    if (at?.run === this) return at.scope
    throw this.#session.misplaced()
  }

  enter(kind: OperationKind, name: string): Place {
    const { scope } = this
    const { model, host } = this.#session
    if (this.#diverged !== undefined) throw this.#diverged
    this.#session.assertHere()
    const place = this.#inJournal(() => model.journal.enter(scope, kind, name))
    const { steps } = host.settings
    if (place.recorded === undefined && model.journal.count >= steps)
      throw beyondLimit(
        `The run has recorded ${steps} operations, which is the most. Go on with a new journal by w.continueAs, or do parts of it in other runs.`,
        { limit: steps },
      )
    return place
  }

  /** Throws `TUTTI_WORKFLOW_DIVERGED` where something is in the journal to which the function did not come. */
  assertAllRead(): void {
    this.#inJournal(() => this.#session.model.journal.assertAllRead())
  }

  /** Throws `TUTTI_WORKFLOW_DIVERGED` where something is to be undone of which the function does not say how. */
  assertUndosKnown(): void {
    this.#inJournal(() => this.#session.model.journal.assertUndosKnown(this.undos.paths))
  }

  undoPlace(undone: string): Place {
    return { scope: this.#undoing, kind: 'undo', n: -1, ...this.#session.model.journal.meet(undoPath(undone)) }
  }

  has(path: string): boolean {
    return this.#session.model.journal.has(path)
  }

  isBehind(scope: Scope): boolean {
    return this.#session.model.journal.isBehind(scope)
  }

  within<T>(scope: Scope, work: () => T): T {
    return scopes.run({ run: this, scope }, work)
  }

  async ready({ scope }: Pick<Place, 'scope'>): Promise<void> {
    const session = this.#session
    const here = (): boolean => !session.left && !session.leaving
    scope.signal.throwIfAborted()
    if (here() && !session.model.isDirty) return
    if (here()) await session.flush()
    if (!here()) {
      session.blocked = true
      session.changed()
      await never
    }
    scope.signal.throwIfAborted()
  }

  record({ path, kind, n }: Pick<Place, 'path' | 'kind' | 'n'>, outcome: Outcome, { size = 0, taken }: Weight = {}): number {
    const seq = this.#session.model.record({ path, kind, n, at: this.clock.now(), ...outcome }, size, taken)
    this.#session.changed()
    return seq
  }

  async attempt(place: AttemptPlace, how: Pick<Attempt, 'attempt' | 'timeout'>, work: (ctx: StepContext) => unknown): Promise<unknown> {
    try {
      return await this.#try(place, how, this.#wrapped(place, work))
    } finally {
      if (this.#session.left) await never
    }
  }

  async look<T>(place: AttemptPlace, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#try(place, { attempt: 1, timeout: undefined }, work)
    } finally {
      if (this.#session.left) await never
    }
  }

  async transact(place: Place, how: Attempt, work: (tx: Transaction, ctx: StepContext) => Promise<unknown>): Promise<Done> {
    const session = this.#session
    const tried = (tx: Transaction): Promise<unknown> =>
      this.#try(
        place,
        how,
        this.#wrapped(place, (ctx) => work(tx, ctx)),
      )
    try {
      return await session.doing(() => session.writer.inTurn(() => transacting(session, { place, how, work: tried })))
    } finally {
      if (this.#session.left) await never
    }
  }

  async create(change: DocumentChange): Promise<boolean> {
    const session = this.#session
    const created = await session.doing(() => session.writeWith(change))
    return session.left ? never : created
  }

  async wait(
    place: Place,
    { until, attempt, failure }: Pick<PendingOperation, 'until' | 'attempt' | 'failure'>,
    wanted?: Pick<InboxItem, 'kind' | 'name'>,
  ): Promise<WaitEnd> {
    const { path, kind, n, scope } = place
    const session = this.#session
    scope.signal.throwIfAborted()
    if (session.left) return never
    const pending: PendingOperation = {
      path,
      kind,
      n,
      ...(until !== undefined && { until: Math.ceil(until) }),
      ...(attempt !== undefined && { attempt }),
      ...(failure && { failure }),
    }
    const there = wanted && this.take(wanted)
    if (there !== undefined) return there
    const ended = session.waits.open(pending, scope.signal, wanted)
    session.changed()
    try {
      return await ended
    } finally {
      session.changed()
      if (session.left) await never
    }
  }

  timedOut(kind: OperationKind): void {
    countTimeOut(this.#session.host.settings.meter, this.name.workflow, kind)
  }

  take({ kind, name }: Pick<InboxItem, 'kind' | 'name'>): InboxItem | undefined {
    return this.#session.model.take(kind, name)
  }

  continueAs(input: unknown): Promise<never> {
    return this.#parts.continueAs(input)
  }

  /** Work in the middleware of the engine. */
  #wrapped({ path, kind }: AttemptPlace, work: (ctx: StepContext) => unknown): (ctx: StepContext) => unknown {
    const { use } = this.#session.host.settings
    if (use.length === 0) return work
    const inLayers = layered<StepAttempt>(use, work)
    return (ctx) => inLayers({ ...ctx, run: this.info, step: path, kind })
  }

  #try<T>(
    { scope, path, kind }: AttemptPlace,
    how: Pick<Attempt, 'attempt' | 'timeout'>,
    work: (ctx: StepContext) => T,
  ): Promise<Awaited<T>> {
    const trial = {
      key: `${this.name.workflow}/${this.journalId}/${path}`,
      log: this.#log,
      clock: this.clock,
      signal: scope.signal,
      verbs: this.verbs,
      onTimeout: () => this.timedOut(kind),
      ...how,
    }
    return this.#session.doing(() => attempting(trial, (ctx) => scopes.run(undefined, work, ctx)))
  }

  #inJournal<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof WorkflowError && error.code === 'TUTTI_WORKFLOW_DIVERGED') {
        this.#diverged = error
        this.#parts.onDiverged(error)
      }
      throw error
    }
  }
}
