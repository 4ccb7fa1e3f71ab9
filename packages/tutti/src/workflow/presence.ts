import type { Clock } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import type { Catalogue } from './catalogue.ts'

/** A workflow in one version. */
export interface WorkflowVersion {
  readonly workflow: string
  readonly version: number
}

/** The collections of processes that execute runs, and of workflows of which there may be runs. */
const workers = 'workflow-workers'
const versions = 'workflow-versions'

/** The most processes and versions that are looked at. */
const most = 10_000

/** Which processes can execute which workflows: each says so as long as it lives. */
export class Presence {
  readonly #storage: Storage
  readonly #catalogue: Catalogue
  readonly #clock: Clock
  readonly #owner: string
  readonly #lease: number

  constructor(parts: {
    readonly storage: Storage
    readonly catalogue: Catalogue
    readonly clock: Clock
    readonly owner: string
    readonly lease: number
  }) {
    this.#storage = parts.storage
    this.#catalogue = parts.catalogue
    this.#clock = parts.clock
    this.#owner = parts.owner
    this.#lease = parts.lease
  }

  /** Says which workflows there are; what others have said stays. */
  async introduce(): Promise<void> {
    const { state } = this.#storage
    const own = this.#own().map((one) => ({ key: `${versions}/${nameOf(one)}`, value: one }))
    const known = await state.getMany(own.map(({ key }) => key))
    await state.write(own.filter((_, i) => known[i] === undefined))
  }

  /** Says that this process lives. */
  async beat(): Promise<void> {
    const value = { workflows: this.#own().map(nameOf) }
    await this.#storage.state.put(`${workers}/${this.#owner}`, value, { due: Math.ceil(this.#clock.now() + this.#lease) })
  }

  /** Says that this process executes nothing any more. */
  async leave(): Promise<void> {
    await this.#storage.state.delete(`${workers}/${this.#owner}`)
  }

  /** All workflows of which there are runs, or were. */
  async all(): Promise<readonly WorkflowVersion[]> {
    const found = await this.#storage.state.list<WorkflowVersion>(`${versions}/`, { limit: most })
    const known = new Map([...found.map(({ value }) => value), ...this.#own()].map((one) => [nameOf(one), one]))
    return [...known.values()].toSorted((a, b) => (a.workflow === b.workflow ? a.version - b.version : a.workflow < b.workflow ? -1 : 1))
  }

  /** Those that no living process can execute. Forgets processes that have been dead for long. */
  async abandoned(): Promise<readonly WorkflowVersion[]> {
    const { state } = this.#storage
    const now = this.#clock.now()
    const found = await state.list<{ readonly workflows: readonly string[] }>(`${workers}/`, { limit: most })
    for (const { key, version, due = 0 } of found)
      if (due < now - 10 * this.#lease) await state.delete(key, { ifVersion: version }).catch(() => false)
    const served = new Set(found.filter(({ due = 0 }) => due > now).flatMap(({ value }) => value.workflows))
    return (await this.all()).filter((one) => !served.has(nameOf(one)))
  }

  #own(): readonly WorkflowVersion[] {
    return this.#catalogue.all.map(({ name, version }) => ({ workflow: name, version }))
  }
}

function nameOf({ workflow, version }: WorkflowVersion): string {
  return `${workflow}@${version}`
}
