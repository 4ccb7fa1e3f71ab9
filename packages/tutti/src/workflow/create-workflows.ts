import { milliseconds, type Duration, type Timer } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import { Admission } from './admission.ts'
import { Catalogue } from './catalogue.ts'
import { resolveEngine, type EngineSettings, type WorkflowsOptions } from './engine-settings.ts'
import type { RunName } from './execution-host.ts'
import { Presence } from './presence.ts'
import { Retention } from './retention.ts'
import { gaugeRuns } from './run-gauge.ts'
import { RunSearch, type RunCounts, type RunPage, type RunQuery } from './run-search.ts'
import type { RunStatus } from './run-status.ts'
import { Family } from './family.ts'
import type { RunHandle } from './run-handle.ts'
import type { StartOptions } from '../message/index.ts'
import type { SignalSources } from './signal-source.ts'
import { Starter } from './starter.ts'
import { StoredRun } from './stored-run.ts'
import { Worker } from './worker.ts'
import type { InputOf, WorkflowType } from './workflow-type.ts'
import type { Workflow } from './workflow.ts'
import type { Workflows } from './workflows-interface.ts'

/** Creates what starts and executes runs of workflows on a storage. A workflow may be given in several versions. */
export function createWorkflows(storage: Storage, workflows: readonly Workflow[], options: WorkflowsOptions = {}): Workflows {
  return new StorageWorkflows(storage, new Catalogue(workflows), resolveEngine(options))
}

class StorageWorkflows implements Workflows {
  readonly #storage: Storage
  readonly #settings: EngineSettings
  /** Their names. */
  readonly #workflows: readonly string[]
  readonly #worker: Worker
  readonly #starter: Starter
  readonly #presence: Presence
  readonly #search: RunSearch
  readonly #retention: Retention
  readonly #instruments: Disposable[] = []
  #timer: Timer | undefined
  #running = false
  #strandedSeen = 0
  #lookedAfter = Number.NEGATIVE_INFINITY
  #stopped: Promise<void> | undefined

  constructor(storage: Storage, catalogue: Catalogue, settings: EngineSettings) {
    this.#storage = storage
    this.#settings = settings
    this.#workflows = [...new Set(catalogue.all.map(({ name }) => name))]
    const parts = { storage, settings, catalogue }
    const admission = new Admission({ state: storage.state, clock: settings.clock })
    const worker: Worker = new Worker({
      ...parts,
      get children() {
        return family
      },
      admit: (document, workflow) => admission.admit(document, workflow),
      ending: async (run, value) => {
        const parts = [await family.telling(run, value)]
        const settled = async (error?: unknown): Promise<void> => {
          for (const part of parts) await part.settled?.(error)
        }
        try {
          const { settings: limits } = catalogue.known({ name: run.workflow, version: value.version })
          parts.push(await admission.leaving(run, value, limits))
        } catch (error) {
          await settled(error)
          throw error
        }
        return { also: parts.flatMap(({ also }) => also), settled }
      },
    })
    const starter = new Starter({ ...parts, worker })
    const family: Family = new Family({ storage, settings, worker, starter, handle: (run) => this.#handle(run, {}) })
    this.#worker = worker
    this.#starter = starter
    this.#presence = new Presence({ ...parts, ...settings })
    const about = { state: storage.state, clock: settings.clock, presence: this.#presence }
    this.#search = new RunSearch(about)
    this.#retention = new Retention(about)
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    await this.#presence.introduce()
    await this.#presence.beat()
    this.#worker.start()
    this.#arm()
    const { meter } = this.#settings
    this.#instruments.push(
      gaugeRuns(this.#search, this.#settings, this.#workflows),
      meter.gauge('tutti.workflow.active', () => this.#worker.size, { description: 'Runs that this process executes' }),
      meter.gauge('tutti.workflow.stranded', () => this.#strandedSeen, {
        description: 'Runs that no living process can execute, up to 1000',
      }),
    )
  }

  stop({ timeout = '10s' }: { readonly timeout?: Duration } = {}): Promise<void> {
    return (this.#stopped ??= this.#stop(milliseconds(timeout)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async run<W extends WorkflowType>(type: W, input: InputOf<W>, options: StartOptions = {}): Promise<RunHandle<W>> {
    return this.get(type, await this.#starter.start(type, input, options))
  }

  get<W extends WorkflowType>(workflow: W, id: string): RunHandle<W> {
    return this.#handle<W>({ workflow: workflow.name, id }, workflow.signals)
  }

  list(query: RunQuery = {}): Promise<RunPage> {
    return this.#search.list(query)
  }

  count(workflow?: string): Promise<RunCounts> {
    return this.#search.count(workflow)
  }

  stranded({ limit = 100 }: { readonly limit?: number } = {}): Promise<readonly RunStatus[]> {
    return this.#search.stranded(limit)
  }

  remove(workflow: string, id: string): Promise<boolean> {
    return this.#retention.remove(workflow, id)
  }

  prune({ before }: { readonly before?: Date } = {}): Promise<number> {
    return this.#retention.prune(before)
  }

  #handle<W extends WorkflowType>(run: RunName, signals: SignalSources): StoredRun<W> {
    return new StoredRun<W>({ storage: this.#storage, settings: this.#settings, worker: this.#worker, signals }, run)
  }

  async #stop(timeout: number): Promise<void> {
    await this.#worker.stop(timeout)
    this.#running = false
    this.#timer?.cancel()
    for (const instrument of this.#instruments.splice(0)) instrument[Symbol.dispose]()
    await this.#presence.leave().catch((error: unknown) => this.#settings.log.warn('A process could not say that it ends', { error }))
  }

  #arm(): void {
    const { clock, lease } = this.#settings
    this.#timer = clock
      .setTimeout(() => {
        void this.#beat().then(() => {
          if (this.#running) this.#arm()
        })
      }, lease / 3)
      .unref()
  }

  /** Prolongs what is held here, says that this process lives, and looks after what nobody else does now and then. */
  async #beat(): Promise<void> {
    const { log, clock } = this.#settings
    try {
      await this.#worker.renew()
      await this.#presence.beat()
      if (clock.monotonic() - this.#lookedAfter < lookAfter) return
      this.#lookedAfter = clock.monotonic()
      await this.#lookAfter()
    } catch (error) {
      log.warn('The leases of runs could not be kept up; it is tried again', { error })
      this.#worker.loseOverdue()
    }
  }

  async #lookAfter(): Promise<void> {
    await this.#retention.prune()
    const { length } = await this.#search.stranded(1_000)
    if (length > this.#strandedSeen)
      this.#settings.log.warn('There are runs that no process can execute: deploy the version of the workflow that they began with', {
        runs: length,
      })
    this.#strandedSeen = length
  }
}

/** How often runs that have ended long ago are removed, and stranded ones are counted, in milliseconds. */
const lookAfter = 60_000
