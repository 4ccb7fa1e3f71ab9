import { DocumentConflictError, isUnavailable, type DocumentChange, type Storage } from '../storage/index.ts'
import type { Catalogue } from './catalogue.ts'
import type { EngineSettings } from './engine-settings.ts'
import type { RunName } from './execution-host.ts'
import { openStatus, runKey, type RunDocument } from './run-document.ts'
import type { StartOptions } from '../message/index.ts'
import { orderRun } from './run-order.ts'
import type { Worker } from './worker.ts'
import type { WorkflowType } from './workflow-type.ts'

/** A run that can be started. */
export interface PreparedRun {
  readonly id: string
  readonly change: DocumentChange
  /** To be called when it was written. */
  readonly begin: () => void
}

/** Starts runs: those for which there is room are executed here at once, and claimed by the same write. */
export class Starter {
  readonly #storage: Storage
  readonly #settings: EngineSettings
  readonly #catalogue: Catalogue
  readonly #worker: Worker

  constructor(parts: {
    readonly storage: Storage
    readonly settings: EngineSettings
    readonly catalogue: Catalogue
    readonly worker: Worker
  }) {
    this.#storage = parts.storage
    this.#settings = parts.settings
    this.#catalogue = parts.catalogue
    this.#worker = parts.worker
  }

  /** Starts a run, unless there is one of that id. Resolves with its id. */
  async start(type: WorkflowType, input: unknown, options: StartOptions): Promise<string> {
    const { id, change, begin } = await this.prepare(type, input, options)
    try {
      await this.#storage.state.write([change])
    } catch (error) {
      if (error instanceof DocumentConflictError && error.key === change.key) return id
      if (!isUnavailable(error) || this.#storage.running !== undefined) throw error
      return this.#afterSilence({ id, change, begin }, error)
    }
    if (this.#storage.running === undefined) begin()
    else this.#storage.running.onCommit(begin)
    return id
  }

  /** Finds out whether a run was started when the storage did not answer. */
  async #afterSilence({ id, change, begin }: PreparedRun, error: unknown): Promise<string> {
    const found = await this.#storage.state.get(change.key).catch(() => undefined)
    if (found === undefined) throw error
    // One that was started by the same write, and not by another one of that id, is claimed for nobody else.
    const isOwn = found.version === 1 && found.owner === this.#settings.owner && !this.#worker.isHere(change.key)
    if (isOwn) begin()
    return id
  }

  /** What is to be written to start a run, and to be done then. */
  async prepare(type: WorkflowType, input: unknown, options: StartOptions & { readonly parent?: RunName }): Promise<PreparedRun> {
    const { clock, payload } = this.#settings
    const { workflow, id, value: queued, due, tenant } = await orderRun(this.#catalogue.known(type), input, { ...options, clock, payload })
    const key = runKey(workflow, id)
    const { claim } = this.#worker
    const here = this.#worker.room > 0 && due <= clock.now()
    const value = here ? ({ ...queued, state: 'running', claims: 1 } as const) : queued
    const status = openStatus(value.version)
    const { owner, until: leaseUntil } = claim
    const document: RunDocument = { key, value, version: 1, status, due, tenant, owner, leaseUntil, epoch: 1, updatedAt: value.createdAt }
    return {
      id,
      change: { key, value, ifVersion: 0, status, due, ...(tenant !== undefined && { tenant }), ...(here && { claim }) },
      begin: () => (here ? void this.#worker.take(document) : this.#worker.lookAt(due)),
    }
  }
}
