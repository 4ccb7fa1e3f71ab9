import { runInContext, type Context, type Timer } from '../kernel/index.ts'
import { compensate } from './compensate.ts'
import { runCancelled, runOverdue, StepFailedError, WorkflowError } from './errors.ts'
import type { Departure, Ending, ExecutionHost } from './execution-host.ts'
import { failureError, toFailure } from './failure.ts'
import { runKey, type EndState, type InboxItem, type JournalRecord, type PlacedFailure, type RunDocument } from './run-document.ts'
import type { RunChange } from './run-model.ts'
import { RunOperations } from './run-operations.ts'
import { never, RunSession, type Composed } from './run-session.ts'
import type { RunWrite } from './run-writer.ts'
import { createContext } from './create-context.ts'
import { RunSpan } from './run-span.ts'
import { storable } from './storable.ts'
import { countTimeOut } from './time-outs.ts'
import type { Workflow } from './workflow.ts'

/** What an execution is made with. */
export interface ExecutionParts {
  readonly host: ExecutionHost
  readonly workflow: Workflow
  readonly document: RunDocument
  /** The pages of its journal, as one. */
  readonly paged: readonly JournalRecord[]
  /** Checks what the function came to. Gives what is kept. */
  outputOf(output: unknown): Promise<unknown>
  onLeft(execution: Execution, how: Departure): void
}

type Result = { readonly output: unknown } | { readonly error: unknown }

/** A run that is executed by this process, from when it was claimed until it ends, waits for long, or is another's. */
export class Execution {
  readonly key: string
  readonly workflow: Workflow
  readonly session: RunSession
  readonly #parts: ExecutionParts
  readonly #operations: RunOperations
  readonly #span: RunSpan
  /** Why its work was given up. */
  #interruption: WorkflowError | undefined
  #problem: WorkflowError | undefined
  #checking = false
  #parking = false
  #idle: Timer | undefined
  #overdue: Timer | undefined

  constructor(parts: ExecutionParts) {
    const { host, workflow, document, paged } = parts
    this.#parts = parts
    this.workflow = workflow
    this.session = new RunSession({
      host,
      workflow: workflow.name,
      document,
      paged,
      onChange: () => this.#check(),
      onNews: () => this.#takeIn(),
      onLost: () => this.lose(),
    })
    const { id } = this.session.model
    this.key = runKey(workflow.name, id)
    const { tracer, meter, clock } = host.settings
    this.#span = new RunSpan({ tracer, meter, now: clock.now(), workflow: workflow.name, id, value: document.value, epoch: document.epoch })
    this.#operations = new RunOperations({
      session: this.session,
      workflow,
      onDiverged: (error) => void this.#stick(error),
      continueAs: (input) => this.#continueAs(input),
    })
  }

  /** Executes the run; never rejects. */
  async execute(): Promise<void> {
    const { value, work, host } = this.session
    try {
      if (value.failure !== undefined) work.abort(failureError(value.failure))
      if (value.cancel !== undefined) this.#interrupt(runCancelled(value.cancel.reason))
      this.#watchDeadline()
      const result = await this.#call()
      if ('error' in result) work.abort(result.error)
      await this.#settled()
      if (!this.session.left && this.#problem === undefined) await this.#finish(result)
    } catch (error) {
      // Where the code differs from the journal, that is being written already.
      if (error === this.#problem) return
      host.settings.log.error('A run could not go on here; it will be taken over', { run: this.key, error })
      this.lose()
    }
  }

  /** Puts something into the inbox. Resolves with `left` where the run is not executed here any more. */
  async deliver(item: InboxItem): Promise<'done' | 'full' | 'left'> {
    if (!this.#isReachable) return 'left'
    if (!this.session.model.put(item)) return 'full'
    const { mark } = this.session.model
    this.#serve()
    return this.#saved(mark)
  }

  /** Gives the run up, so that it is undone. Resolves with `left` where it is not executed here any more. */
  async cancel(reason: string): Promise<'done' | 'left'> {
    if (!this.#isReachable) return 'left'
    this.session.model.change({ cancel: { reason, at: this.session.clock.now() } })
    const { mark } = this.session.model
    this.#interrupt(runCancelled(reason))
    return this.#saved(mark)
  }

  /** The run is another process's: nothing of it happens here any more. */
  lose(): void {
    if (!this.#leave({ kind: 'lost' })) return
    const error = new WorkflowError('TUTTI_LEASE_LOST', `The run ${this.session.model.id} is executed by another process now.`)
    this.session.claim.abort(error)
    this.session.work.abort(error)
  }

  /**
   * Takes part in the write that ends a child, so that this run knows of that, or is another process's, when it is done. Gives nothing where
   * it is not executed here any more.
   */
  async tellWith(item: InboxItem): Promise<Ending | undefined> {
    const { writer, model } = this.session
    const leave = await writer.enter()
    if (!this.#isReachable) {
      leave()
      return undefined
    }
    model.withhold(item)
    const made = this.session.compose()
    const settled = async (error?: unknown): Promise<void> => {
      try {
        if (error === undefined) writer.written(made)
        if (error === undefined || (await writer.settle(error, made, 1)) === 'written') {
          made.done()
          model.release(item)
        } else {
          model.discard(item)
        }
      } finally {
        leave()
        this.#serve()
        this.#check()
      }
    }
    return { also: writer.changes(made), settled }
  }

  /** Gives the run back as soon as what it does now is recorded. */
  leaveSoon(): void {
    this.session.leaving = true
    this.#check()
  }

  /** Looks for what others have put into the document. */
  refresh(): void {
    this.session.model.change({})
    this.#check()
  }

  get #isReachable(): boolean {
    const { left, leaving } = this.session
    return !left && !leaving && !this.#parking
  }

  async #saved(mark: number): Promise<'done' | 'left'> {
    await this.session.flush()
    return this.session.model.isSaved(mark) ? 'done' : 'left'
  }

  async #call(): Promise<Result> {
    const { value, work } = this.session
    const w = createContext(this.#operations)
    try {
      const execute = (): unknown => this.#operations.within(this.#operations.root, () => this.workflow.execute(w, value.input))
      return { output: await runInContext(this.#context(work.signal), execute, undefined) }
    } catch (error) {
      return { error }
    }
  }

  /** What travels with everything that the run does. */
  #context(signal: AbortSignal): Context {
    const { value, document } = this.session
    const { correlationId, causationId, trace, actor } = value.context
    return {
      correlationId,
      causationId,
      trace: this.#span.context ?? trace,
      actor,
      tenant: document.tenant,
      deadline: value.deadline,
      signal,
    }
  }

  /** Resolves when nothing is being done any more, and what was done is recorded. */
  async #settled(): Promise<void> {
    while (!this.session.isCalm) {
      await this.session.calm()
      await nextTurn()
    }
  }

  async #finish(result: Result): Promise<void> {
    let { failure } = this.session.value
    if (failure === undefined && this.#interruption === undefined) {
      const completed = 'output' in result ? await this.#complete(result.output) : result
      if (this.session.left) return
      if (completed !== undefined) failure = placed(completed.error)
    }
    await this.#undo(failure ?? placed(this.#interruption))
  }

  /** Ends the run with its output. Gives why that is none; nothing where the run has ended, or is to be given up. */
  async #complete(output: unknown): Promise<{ readonly error: unknown } | undefined> {
    this.#operations.assertAllRead()
    let kept: unknown
    try {
      kept = storable(await this.#parts.outputOf(output), 'The output', this.session.host.settings.payload).value
    } catch (error) {
      return { error }
    }
    await this.#end('completed', { output: kept })
    return undefined
  }

  async #undo(failure: PlacedFailure): Promise<void> {
    const { undos } = this.#operations
    const { model, value, claim } = this.session
    this.#overdue?.cancel()
    this.#operations.assertUndosKnown()
    if (value.failure === undefined && undos.of(['']).length > 0) {
      // Written before the first undo, so that nobody goes on with the work from here.
      model.change({ state: 'undoing', failure })
      await this.session.flush()
      if (this.session.left) return
    }
    let problem: PlacedFailure | undefined
    try {
      await runInContext(this.#context(claim.signal), () => compensate(this.#operations, ['']), undefined)
    } catch (error) {
      if (this.session.left) return
      problem = placed(error)
    }
    const cancelled = failure.code === 'TUTTI_RUN_CANCELLED'
    const end = problem ? 'compensation-failed' : cancelled ? 'cancelled' : model.journal.hasUndone ? 'compensated' : 'failed'
    await this.#end(end, { failure, ...(problem && { problem }) })
  }

  /** Ends the run, unless it is to be given up meanwhile. */
  async #end(state: EndState, change: RunChange): Promise<void> {
    const { host, model, clock } = this.session
    const { completed, failed } = this.workflow.settings.retention
    await this.#depart(async () => {
      if (state === 'completed' && this.#interruption !== undefined) return undefined
      const endedAt = clock.now()
      const ended = { ...change, state, endedAt, pending: [] }
      const due = endedAt + (state === 'completed' ? completed : failed)
      const ending = await host.ending({ workflow: model.workflow, id: model.id }, { ...model.value, ...ended })
      return this.session.compose(ended, { status: state, due, release: true, ...ending })
    }, 'ended')
  }

  /** The run does something else than its journal says: it is kept as it is until somebody retries it. */
  async #stick(error: WorkflowError): Promise<void> {
    if (this.#problem !== undefined) return
    this.#problem = error
    const { work, host, document } = this.session
    work.abort(error)
    host.settings.log.error('A run is stuck', { run: this.key, error })
    await this.#settled()
    const { pending = [] } = document.value
    const stuck = { state: 'stuck', problem: placed(error), pending } as const
    await this.#depart(() => this.session.compose(stuck, { status: 'stuck', due: Number.POSITIVE_INFINITY, release: true }), 'ended')
  }

  async #continueAs(input: unknown): Promise<never> {
    await this.#settled()
    this.#operations.assertAllRead()
    const { writer, model, document } = this.session
    let made: RunWrite | undefined
    const written = await writer.write(() => (made = this.session.left ? undefined : model.renew(input)))
    // With what others may have sent since, which is written already.
    if (written && made !== undefined)
      this.#leave({ kind: 'continued', document: { ...document, value: model.renewed(input), version: writer.version } })
    return never
  }

  /** Looks, once what goes on now has gone on, whether something is to be written, or the run can leave the memory. */
  #check(): void {
    if (this.#checking || this.session.left) return
    this.#checking = true
    // It may be called within a transaction, which is over by then.
    this.session.host.settings.outside(() =>
      setImmediate(() => {
        this.#checking = false
        this.#look()
      }),
    )
  }

  #look(): void {
    const { left, leaving, model, isCalm, waits, clock, host } = this.session
    if (left || this.#parking) return
    if (model.isDirty) {
      void this.session.flush().then(
        () => this.#check(),
        () => undefined,
      )
      return
    }
    const { idle } = host.settings
    const rests = isCalm && waits.size > 0 && this.#nextDue() - clock.now() > idle
    if ((leaving && isCalm) || (rests && !waits.areWatched)) void this.#park()
    else if (rests) this.#idle ??= clock.setTimeout(() => void this.#park(), idle).unref()
    else this.#stopIdling()
  }

  #stopIdling(): void {
    this.#idle?.cancel()
    this.#idle = undefined
  }

  /** Leaves the memory until time has come or something is sent. */
  async #park(): Promise<void> {
    const { leaving, model, value, waits, clock } = this.session
    this.#stopIdling()
    this.#parking = true
    try {
      await this.#depart(() => {
        const { isCalm, blocked } = this.session
        if (!isCalm || model.isDirty || (waits.size === 0 && !leaving)) return undefined
        const due = blocked || waits.size === 0 ? clock.now() : this.#nextDue()
        const state = value.state === 'undoing' ? 'undoing' : waits.size === 0 ? 'queued' : 'waiting'
        return this.session.compose({ state }, { due, release: true })
      }, 'parked')
    } finally {
      this.#parking = false
      this.#check()
    }
  }

  /** When the run goes on by itself. Whoever ends a child tells its parent; should that be lost, it looks itself. */
  #nextDue(): number {
    const { waits, value, clock } = this.session
    const forChild = waits.pending.some(({ kind }) => kind === 'run')
    return Math.min(
      waits.soonest,
      value.deadline ?? Number.POSITIVE_INFINITY,
      forChild ? clock.now() + childCheck : Number.POSITIVE_INFINITY,
    )
  }

  /** Writes the run for the last time here, where `make` gives something. */
  async #depart(make: () => Composed | undefined | Promise<Composed | undefined>, kind: 'ended' | 'parked'): Promise<void> {
    let made: Composed | undefined
    const written = await this.session.writer.write(async () => (made = this.session.left ? undefined : await make()))
    if (!written || made === undefined) return
    made.done()
    this.#leave(kind === 'ended' ? { kind, value: made.value } : { kind, due: made.due })
  }

  #leave(how: Departure): boolean {
    if (this.session.left) return false
    this.session.left = true
    this.#span.end(how)
    this.session.waits.abandon()
    this.#stopIdling()
    this.#overdue?.cancel()
    this.#parts.onLeft(this, how)
    return true
  }

  /** Takes note of what others have put into the document. */
  #takeIn(): void {
    const { cancel } = this.session.value
    if (cancel !== undefined) this.#interrupt(runCancelled(cancel.reason))
    this.#serve()
    this.#check()
  }

  #serve(): void {
    const { waits, model } = this.session
    waits.serve(({ kind, name }) => model.take(kind, name))
  }

  /** Gives up the work of the run; false where that is done already. */
  #interrupt(error: WorkflowError): boolean {
    // What is being undone already is undone for its first reason.
    if (this.#interruption !== undefined || this.session.value.failure !== undefined) return false
    this.#interruption = error
    this.session.work.abort(error)
    return true
  }

  #watchDeadline(): void {
    const { value, clock } = this.session
    if (value.deadline === undefined || value.failure !== undefined) return
    const left = value.deadline - clock.now()
    if (left > 0) this.#overdue = clock.setTimeout(() => this.#expire(), left).unref()
    else this.#expire()
  }

  #expire(): void {
    const { host, model } = this.session
    if (this.#interrupt(runOverdue())) countTimeOut(host.settings.meter, model.workflow, 'run')
  }
}

/** How often a run looks for the end of a child, at least, in milliseconds. */
const childCheck = 3_600_000

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Why a run failed, with the step where it did. */
function placed(error: unknown): PlacedFailure {
  return { ...toFailure(error), ...(error instanceof StepFailedError && { path: error.step }) }
}
