import { milliseconds, type Duration, type Timer } from '../kernel/index.ts'
import { DocumentConflictError, type DocumentChange, type Storage } from '../storage/index.ts'
import { Catalogue } from './catalogue.ts'
import { resolveEngine, type EngineSettings, type WorkflowsOptions } from './engine-settings.ts'
import { openStatus, runKey, type RunDocument } from './run-document.ts'
import type { RunHandle } from './run-handle.ts'
import { orderRun, type RunOrder, type StartOptions } from './run-order.ts'
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
  readonly #catalogue: Catalogue
  readonly #settings: EngineSettings
  readonly #worker: Worker
  #timer: Timer | undefined
  #running = false
  #stopped: Promise<void> | undefined

  constructor(storage: Storage, catalogue: Catalogue, settings: EngineSettings) {
    this.#storage = storage
    this.#catalogue = catalogue
    this.#settings = settings
    this.#worker = new Worker({
      storage,
      settings,
      catalogue,
      admit: () => Promise.resolve(true),
      ending: () => Promise.resolve([]),
    })
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#worker.start()
    this.#beat()
  }

  stop({ timeout = '10s' }: { readonly timeout?: Duration } = {}): Promise<void> {
    return (this.#stopped ??= this.#stop(milliseconds(timeout)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async run<W extends WorkflowType>(type: W, input: InputOf<W>, options: StartOptions = {}): Promise<RunHandle<W>> {
    const { clock, payload } = this.#settings
    const order = await orderRun(this.#catalogue.known(type), input, { ...options, clock, payload })
    await this.#create(order)
    return this.get(type, order.id)
  }

  get<W extends WorkflowType>(workflow: W, id: string): RunHandle<W> {
    const parts = { storage: this.#storage, settings: this.#settings, worker: this.#worker, signals: workflow.signals }
    return new StoredRun<W>(parts, { workflow: workflow.name, id })
  }

  async #stop(timeout: number): Promise<void> {
    await this.#worker.stop(timeout)
    this.#running = false
    this.#timer?.cancel()
  }

  /** Stores a run, and executes it at once where there is room; where there is one of that id already, nothing is done. */
  async #create({ workflow, id, value, due, tenant }: RunOrder): Promise<void> {
    const key = runKey(workflow, id)
    const here = this.#worker.room > 0 && due <= this.#settings.clock.now()
    const { claim } = this.#worker
    const status = openStatus(value.version)
    const change: DocumentChange = {
      key,
      value: here ? { ...value, state: 'running' } : value,
      ifVersion: 0,
      status,
      due,
      ...(tenant !== undefined && { tenant }),
      ...(here && { claim }),
    }
    try {
      await this.#storage.state.write([change])
    } catch (error) {
      if (error instanceof DocumentConflictError && error.key === key) return
      throw error
    }
    const document: RunDocument = {
      key,
      value: { ...value, state: 'running' },
      version: 1,
      status,
      due,
      tenant,
      owner: claim.owner,
      leaseUntil: claim.until,
      epoch: 1,
      updatedAt: value.createdAt,
    }
    const begin = (): void => (here ? void this.#worker.take(document) : this.#worker.lookAt(due))
    if (this.#storage.running === undefined) begin()
    else this.#storage.running.onCommit(begin)
  }

  #beat(): void {
    const { clock, lease, log } = this.#settings
    this.#timer = clock
      .setTimeout(() => {
        void this.#worker
          .renew()
          .catch((error: unknown) => {
            log.warn('The leases of runs could not be prolonged; it is tried again', { error })
            this.#worker.loseOverdue()
          })
          .then(() => {
            if (this.#running) this.#beat()
          })
      }, lease / 3)
      .unref()
  }
}
