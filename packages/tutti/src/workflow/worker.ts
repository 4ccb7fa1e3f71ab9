import type { Timer } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import type { Catalogue } from './catalogue.ts'
import type { EngineSettings } from './engine-settings.ts'
import { beyondLimit } from './errors.ts'
import { Execution } from './execution.ts'
import type { ChildRuns, Departure, Ending, ExecutionHost, RunName } from './execution-host.ts'
import { toFailure } from './failure.ts'
import { openStatus, runsOf, type RunDocument, type RunValue } from './run-document.ts'
import { validated } from './run-order.ts'
import { readPages, workflowOf } from './run-status.ts'
import type { Workflow } from './workflow.ts'

/** What a worker works with. */
export interface WorkerParts {
  readonly storage: Storage
  readonly settings: EngineSettings
  readonly catalogue: Catalogue
  /** Lets a run in. Resolves with its document, or with when it is due where it has to wait. */
  admit(document: RunDocument, workflow: Workflow): Promise<RunDocument | number>
  ending(run: RunName, value: RunValue): Promise<Ending>
  readonly children: ChildRuns
}

/** The most that is claimed of one workflow at once. */
const claimLimit = 200
/** How many times are remembered at which a run is due that this process has left. */
const rememberedDues = 1_000

/** Executes runs in this process: claims those that are due, keeps their leases, and gives them back. */
export class Worker implements ExecutionHost {
  readonly storage: Storage
  readonly settings: EngineSettings
  readonly #parts: WorkerParts
  readonly #active = new Map<string, Execution>()
  readonly #ends = new Map<string, Set<(value: RunValue | undefined) => void>>()
  #dues: number[] = []
  /** Runs that are being taken, and are not active yet. */
  #taking = 0
  /** Their keys. */
  readonly #arriving = new Set<string>()
  #turn = 0
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #again = false
  /** Whether there may be more than there was room for. */
  #backlog = false
  #running = false
  #emptied: (() => void)[] = []

  constructor(parts: WorkerParts) {
    this.storage = parts.storage
    this.settings = parts.settings
    this.#parts = parts
  }

  /** For how many more runs there is room. */
  get room(): number {
    return this.#running ? this.settings.concurrency - this.#active.size - this.#taking : 0
  }

  get size(): number {
    return this.#active.size
  }

  /** What runs are claimed with here. */
  get claim(): { readonly owner: string; readonly until: number } {
    const { clock, lease, owner } = this.settings
    return { owner, until: Math.ceil(clock.now() + lease) }
  }

  get children(): ChildRuns {
    return this.#parts.children
  }

  ending(run: RunName, value: RunValue): Promise<Ending> {
    return this.#parts.ending(run, value)
  }

  find(key: string): Execution | undefined {
    return this.#active.get(key)
  }

  /** Whether a run is executed here, or about to be: then `onEnd` tells of it. */
  isHere(key: string): boolean {
    return this.#active.has(key) || this.#arriving.has(key)
  }

  start(): void {
    this.#running = true
    this.look()
  }

  /** Takes nothing more, gives back what can be, and gives up what has not come to that in time. */
  async stop(timeout: number): Promise<void> {
    this.#running = false
    this.#timer?.cancel()
    await this.#looking
    for (const execution of this.#active.values()) execution.leaveSoon()
    if (this.#active.size + this.#taking > 0) {
      const emptied = new Promise<void>((resolve) => this.#emptied.push(resolve))
      const late = Promise.withResolvers<void>()
      const timer = this.settings.clock.setTimeout(late.resolve, timeout)
      await Promise.race([emptied, late.promise])
      timer.cancel()
    }
    for (const execution of this.#active.values()) execution.lose()
  }

  /** Calls back once a run has ended here, or has left without an end. */
  onEnd(key: string, listener: (value: RunValue | undefined) => void): Disposable {
    const listeners = this.#ends.get(key) ?? new Set()
    this.#ends.set(key, listeners.add(listener))
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener)
        if (listeners.size === 0 && this.#ends.get(key) === listeners) this.#ends.delete(key)
      },
    }
  }

  /** Executes a run that this process has claimed. */
  take(document: RunDocument): Promise<void> {
    return this.settings.outside(() => this.#take(document))
  }

  /** Looks for runs that are due, soon. */
  look(): void {
    if (!this.#running) return
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#timer?.cancel()
    this.#looking = this.settings.outside(() =>
      this.#lookAll().finally(() => {
        this.#looking = undefined
        this.#arm()
      }),
    )
  }

  /** Looks when a run is due. */
  lookAt(due: number | undefined): void {
    if (due === undefined || !Number.isFinite(due)) return
    const at = this.#dues.findIndex((one) => one > due)
    this.#dues.splice(at === -1 ? this.#dues.length : at, 0, due)
    this.#dues.length = Math.min(this.#dues.length, rememberedDues)
    if (this.#dues[0] === due && this.#looking === undefined) this.#arm()
  }

  /** Prolongs the leases of everything that is executed here. */
  async renew(): Promise<void> {
    const { clock, owner } = this.settings
    const { until } = this.claim
    const executions = [...this.#active.values()]
    const kept = new Set(
      await this.storage.state.renew(
        executions.map(({ session }) => session.writer.claim),
        { owner, until },
      ),
    )
    for (const execution of executions) {
      if (kept.has(execution.key)) execution.session.claimedUntil = until
      else if (this.#active.get(execution.key) === execution) execution.lose()
    }
    const now = clock.now()
    for (const execution of this.#active.values()) if (execution.session.claimedUntil <= now) execution.lose()
  }

  /** Loses what has not been renewed in time. */
  loseOverdue(): void {
    const now = this.settings.clock.now()
    for (const execution of this.#active.values()) if (execution.session.claimedUntil <= now) execution.lose()
  }

  async #take(document: RunDocument): Promise<void> {
    const { key, value } = document
    const workflow = this.#parts.catalogue.find(workflowOf(key), value.version)
    // Nobody claims what it cannot execute.
    if (workflow === undefined) return
    this.#taking++
    this.#arriving.add(key)
    try {
      this.#active.get(key)?.lose()
      if (await this.#isHopeless(document)) return
      const admitted = await this.#parts.admit(document, workflow)
      if (typeof admitted === 'number') return this.lookAt(admitted)
      const paged = await readPages(this.storage.state, admitted)
      const execution = new Execution({
        host: this,
        workflow,
        document: admitted,
        paged,
        outputOf: (output) => validated(workflow.output, output),
        onLeft: (one, how) => this.#left(one, how),
      })
      this.#active.set(key, execution)
      void execution.execute()
      if (!this.#running) execution.leaveSoon()
    } catch (error) {
      // The lease runs out, and then it is tried again.
      this.settings.log.warn('A run could not be taken', { run: key, error })
    } finally {
      this.#taking--
      this.#arriving.delete(key)
      if (!this.#active.has(key)) this.#tell(key, undefined)
      this.#noticeEmpty()
    }
  }

  async #lookAll(): Promise<void> {
    do {
      this.#again = false
      try {
        await this.#claimDue()
        await this.#readMail()
      } catch (error) {
        this.settings.log.warn('Runs could not be looked for; it is tried again', { error })
      }
    } while (this.#again && this.#running)
  }

  /** Claims of each workflow its share of the room, in turn, so that none keeps the others out. */
  async #claimDue(): Promise<void> {
    const { room } = this
    if (room <= 0) {
      this.#backlog = true
      return
    }
    const { clock, lease, owner } = this.settings
    const now = Math.floor(clock.now())
    this.#dues = this.#dues.filter((due) => due > now)
    const { all } = this.#parts.catalogue
    const first = this.#turn++ % Math.max(1, all.length)
    const shares = [...all.slice(first), ...all.slice(0, first)]
      .map((workflow, i) => ({ workflow, limit: Math.min(claimLimit, Math.floor(room / all.length) + (i < room % all.length ? 1 : 0)) }))
      .filter(({ limit }) => limit > 0)
    const found = await Promise.all(
      shares.map(({ workflow: { name, version }, limit }) =>
        this.storage.state.claim<RunValue>(runsOf(name), { owner, lease, status: openStatus(version), limit, now }),
      ),
    )
    this.#backlog = shares.length < all.length || found.some((documents, i) => documents.length === shares[i]?.limit)
    for (const documents of found) for (const document of documents) void this.take(document)
    if (this.#backlog && found.some(({ length }) => length > 0)) this.#again = true
  }

  /** Finds what others have sent to runs that are executed here. */
  async #readMail(): Promise<void> {
    if (this.#active.size === 0) return
    const kinds = new Map(Array.from(this.#active.values(), ({ workflow }) => [`${workflow.name}@${workflow.version}`, workflow]))
    for (const { name, version } of kinds.values()) {
      const sent = await this.storage.state.list(`${runsOf(name)}/`, { status: openStatus(version), dueBefore: 0, limit: 1_000 })
      for (const { key } of sent) this.#active.get(key)?.refresh()
    }
  }

  /** Whether a run was taken over again and again without getting on: then it is left alone. */
  async #isHopeless({ key, value, epoch, version, tenant }: RunDocument): Promise<boolean> {
    const { takeovers, log } = this.settings
    if (epoch - value.claims <= takeovers) return false
    const error = beyondLimit(
      `The run was taken over ${takeovers} times without getting on: it may end the processes that execute it. Mend the cause, and retry it.`,
      { takeovers },
    )
    log.error('A run is stuck', { run: key, error })
    const stuck: RunValue = { ...value, state: 'stuck', claims: epoch, problem: toFailure(error) }
    await this.storage.state.put(key, stuck, {
      status: 'stuck',
      release: true,
      epoch,
      ifVersion: version,
      ...(tenant !== undefined && { tenant }),
    })
    return true
  }

  #left(execution: Execution, how: Departure): void {
    const { key } = execution
    if (this.#active.get(key) === execution) this.#active.delete(key)
    if (how.kind === 'continued') void this.take(how.document)
    else {
      this.#tell(key, how.kind === 'ended' ? how.value : undefined)
      if (how.kind === 'parked') this.lookAt(how.due)
    }
    if (this.#backlog) this.look()
    this.#noticeEmpty()
  }

  #tell(key: string, value: RunValue | undefined): void {
    for (const listener of this.#ends.get(key) ?? []) listener(value)
  }

  #noticeEmpty(): void {
    if (this.#active.size + this.#taking === 0) for (const resolve of this.#emptied.splice(0)) resolve()
  }

  #arm(): void {
    this.#timer?.cancel()
    if (!this.#running) return
    const { clock, poll } = this.settings
    const [due = Number.POSITIVE_INFINITY] = this.#dues
    this.#timer = clock.setTimeout(() => this.look(), Math.max(1, Math.min(poll, due - clock.now()))).unref()
  }
}
