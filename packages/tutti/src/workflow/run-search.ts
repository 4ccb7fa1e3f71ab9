import { milliseconds, OptionError, shown, type Clock, type Duration } from '../kernel/index.ts'
import type { StateStore } from '../storage/index.ts'
import type { Presence } from './presence.ts'
import { endStates, openStatus, runsOf, type RunDocument, type RunState, type RunValue } from './run-document.ts'
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
  /** From the last id to the first: the newest first where Tutti has made the ids. @default false */
  readonly backwards?: boolean
}

/** Some runs, by workflow and id; those of one tenant or in one state by workflow, status and id. */
export interface RunPage {
  /** As many as were asked for, or fewer: a page that fits few runs ends after some hundred that do not. */
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

/** How many runs there are in each state; states without any are left out. */
export type RunCounts = Readonly<Partial<Record<RunState, number>>>

/** How many runs that go on are looked at to tell what they do. */
const mostLookedAt = 500
/** How many documents are read at once. */
const batch = 200
/** How many documents one page reads at most that do not fit: what the storage cannot tell apart takes a few pages. */
const misses = 500

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
    let read = 0
    for (const shelf of first === -1 ? [] : shelves.slice(first)) {
      let from = shelf === shelves[first] ? place?.key : undefined
      for (let isFull = true; isFull;) {
        const found = await this.#read(shelf, query, from)
        isFull = found.isFull
        for (const document of found.documents) {
          if (runs.length === limit || ++read > limit + misses) return { runs, next: cursor(shelf, from === undefined ? '' : idOf(from)) }
          from = document.key
          if (fits(document)) runs.push(statusOf(document, now))
        }
      }
    }
    return { runs, next: undefined }
  }

  /** How many runs are in which state. Of what goes on so much is `looked` at of each version; the rest is taken to be like that. */
  async count(workflow: string | undefined, { looked: most = mostLookedAt }: { readonly looked?: number } = {}): Promise<RunCounts> {
    const counts: Partial<Record<RunState, number>> = {}
    const add = (state: RunState, count: number): void => void (counts[state] = (counts[state] ?? 0) + count)
    const names = workflow === undefined ? new Set((await this.#presence.all()).map((one) => one.workflow)) : [workflow]
    for (const name of names) {
      const prefix = `${runsOf(name)}/`
      for (const [status, count] of Object.entries(await this.#state.count(prefix))) {
        const closed = closedStates.find((state) => state === status)
        if (closed !== undefined) add(closed, count)
        else {
          // The status of a run that goes on tells its version alone.
          const looked = await this.#state.list<RunValue>(prefix, { status, limit: most })
          const now = this.#clock.now()
          for (const document of looked) add(statusOf(document, now).state, count / looked.length)
        }
      }
    }
    return Object.fromEntries(Object.entries(counts).map(([state, count]) => [state, Math.round(count)]))
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

  /** The next runs of a shelf, and whether there are more behind them. */
  async #read(
    { workflow, status }: Shelf,
    { tenant, state, olderThan, id = '', limit = 100, backwards = false }: RunQuery,
    after: string | undefined,
  ): Promise<{ readonly documents: readonly RunDocument[]; readonly isFull: boolean }> {
    const prefix = `${runsOf(workflow)}/${id}`
    const isBehind = (key: string, other: string | undefined): boolean => other === undefined || (backwards ? key < other : key > other)
    const filters = { ...(status !== undefined && { status }), ...(tenant !== undefined && { tenant }) }
    if (state === 'running') {
      // What goes on is due, while what waits mostly is not: so it is found among that, where that is little.
      const due = await this.#state.list<RunValue>(prefix, { ...filters, dueBefore: this.#clock.now(), limit: misses })
      if (due.length < misses)
        return {
          documents: due.filter(({ key }) => isBehind(key, after)).toSorted((a, b) => (isBehind(a.key, b.key) ? 1 : -1)),
          isFull: false,
        }
    }
    // Where all that is read fits, no more is read than what is wanted.
    const wanted = olderThan === undefined && (state === undefined || closedStates.includes(state)) ? Math.min(batch, limit + 1) : batch
    const documents = await this.#state.list<RunValue>(prefix, {
      ...filters,
      ...(after !== undefined && { after }),
      backwards,
      limit: wanted,
    })
    return { documents, isFull: documents.length === wanted }
  }

  async #shelves({ workflow, state, tenant }: RunQuery): Promise<readonly Shelf[]> {
    const all = (await this.#presence.all()).filter((one) => workflow === undefined || one.workflow === workflow)
    const names = [...new Set(all.map((one) => one.workflow))]
    // The runs of a tenant are found by their status.
    if (state === undefined && tenant === undefined) return names.map((name) => ({ workflow: name, status: undefined }))
    const closed = closedStates.filter((one) => state === undefined || one === state)
    const isOpen = state === undefined || closed.length === 0
    return names.flatMap((name) => {
      const versions = isOpen ? all.filter((one) => one.workflow === name) : []
      return [...closed, ...versions.map(({ version }) => openStatus(version))].map((status) => ({ workflow: name, status }))
    })
  }
}

/** The states of runs that nobody executes. */
const closedStates: readonly RunState[] = [...endStates, 'stuck']

function filterOf({ state, olderThan }: RunQuery, now: number): (document: RunDocument) => boolean {
  const before =
    olderThan === undefined ? Number.POSITIVE_INFINITY : olderThan instanceof Date ? olderThan.getTime() : now - milliseconds(olderThan)
  return (document) => document.value.createdAt < before && (state === undefined || statusOf(document, now).state === state)
}

function cursor({ workflow, status = '' }: Shelf, id: string): string {
  return `${workflow} ${status} ${id}`
}

function idOf(key: string): string {
  return key.slice(key.indexOf('/') + 1)
}

/** Without an id a shelf is read from its beginning. */
function readCursor(text: string): { readonly shelf: Shelf; readonly key: string | undefined } {
  const [workflow = '', status = '', ...rest] = text.split(' ')
  const id = rest.join(' ')
  return { shelf: { workflow, status: status === '' ? undefined : status }, key: id === '' ? undefined : `${runsOf(workflow)}/${id}` }
}
