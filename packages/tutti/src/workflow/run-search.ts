import { milliseconds, OptionError, shown, type Clock, type Duration } from '../kernel/index.ts'
import type { StateStore } from '../storage/index.ts'
import type { Presence, WorkflowVersion } from './presence.ts'
import { hasEnded, openStatus, runsOf, type RunDocument, type RunState, type RunValue } from './run-document.ts'
import { statusOf, type RunStatus } from './run-status.ts'

/** Which runs are looked for. */
export interface RunQuery {
  /** The name of their workflow. @default all */
  readonly workflow?: string
  /** How their ids begin. @default anyhow */
  readonly id?: string
  /** @default all */
  readonly state?: RunState
  /** Only those that were started so long ago, or before a date. @default all */
  readonly olderThan?: Duration | Date
  /** @default all */
  readonly tenant?: string
  /** @default 100 */
  readonly limit?: number
  /** `next` of the page before. @default from the beginning */
  readonly after?: string
}

/** Some runs, by workflow and id. */
export interface RunPage {
  readonly runs: readonly RunStatus[]
  /** What `after` is for the next page; `undefined` where there is none. */
  readonly next: string | undefined
}

/** A part of the runs, which the storage lists in the order of their ids. */
interface Shelf {
  readonly workflow: string
  /** The status of the documents; `undefined` is any. */
  readonly status: string | undefined
}

/** How many documents are read at once. */
const pageSize = 200

/** Finds runs by what they are. */
export class RunSearch {
  readonly #state: StateStore
  readonly #clock: Clock
  readonly #presence: Presence

  constructor({ state, clock, presence }: { readonly state: StateStore; readonly clock: Clock; readonly presence: Presence }) {
    this.#state = state
    this.#clock = clock
    this.#presence = presence
  }

  async list(query: RunQuery): Promise<RunPage> {
    const { limit = 100, after } = query
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new OptionError(`list received the limit ${shown(limit)}; wanted a whole number of 1 or more.`)
    const shelves = await this.#shelves(query)
    const place = after === undefined ? undefined : readCursor(after)
    const first = place === undefined ? 0 : shelves.findIndex((shelf) => cursor(shelf, '') === cursor(place.shelf, ''))
    const now = this.#clock.now()
    const fits = filterOf(query, now)
    const runs: RunStatus[] = []
    for (const shelf of first === -1 ? [] : shelves.slice(first)) {
      let from = shelf === shelves[first] ? place?.key : undefined
      for (let isFull = true; isFull;) {
        const documents = await this.#read(shelf, query, from)
        for (const document of documents) {
          from = document.key
          if (!fits(document)) continue
          if (runs.length === limit) return { runs, next: cursor(shelf, runs.at(-1)?.id ?? '') }
          runs.push(statusOf(document, now))
        }
        isFull = documents.length === pageSize
      }
    }
    return { runs, next: undefined }
  }

  /** Runs that go on, but that no living process can execute. */
  async stranded(limit: number): Promise<readonly RunStatus[]> {
    const runs: RunStatus[] = []
    for (const { workflow, version } of await this.#presence.abandoned()) {
      if (runs.length >= limit) break
      const documents = await this.#state.list<RunValue>(`${runsOf(workflow)}/`, {
        status: openStatus(version),
        limit: limit - runs.length,
      })
      runs.push(...documents.map((document) => statusOf(document, this.#clock.now())))
    }
    return runs
  }

  #read({ workflow, status }: Shelf, { tenant, id = '' }: RunQuery, after: string | undefined): Promise<readonly RunDocument[]> {
    return this.#state.list<RunValue>(`${runsOf(workflow)}/${id}`, {
      limit: pageSize,
      ...(status !== undefined && { status }),
      ...(tenant !== undefined && { tenant }),
      ...(after !== undefined && { after }),
    })
  }

  async #shelves({ workflow, state }: RunQuery): Promise<readonly Shelf[]> {
    const all = (await this.#presence.all()).filter((one) => workflow === undefined || one.workflow === workflow)
    const names = [...new Set(all.map((one) => one.workflow))]
    if (state === undefined) return names.map((name) => ({ workflow: name, status: undefined }))
    if (hasEnded(state) || state === 'stuck') return names.map((name) => ({ workflow: name, status: state }))
    return all.map((one: WorkflowVersion) => ({ workflow: one.workflow, status: openStatus(one.version) }))
  }
}

function filterOf({ state, olderThan }: RunQuery, now: number): (document: RunDocument) => boolean {
  const before =
    olderThan === undefined ? Number.POSITIVE_INFINITY : olderThan instanceof Date ? olderThan.getTime() : now - milliseconds(olderThan)
  return (document) => document.value.createdAt < before && (state === undefined || statusOf(document, now).state === state)
}

function cursor({ workflow, status = '' }: Shelf, id: string): string {
  return `${workflow} ${status} ${id}`
}

function readCursor(text: string): { readonly shelf: Shelf; readonly key: string } {
  const [workflow = '', status = '', ...id] = text.split(' ')
  return { shelf: { workflow, status: status === '' ? undefined : status }, key: `${runsOf(workflow)}/${id.join(' ')}` }
}
