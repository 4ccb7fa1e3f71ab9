import { DocumentConflictError, LeaseLostError, type Document, type DocumentChange, type StateStore } from '../storage/index.ts'
import type { Clock } from '../kernel/index.ts'
import type { Ending, RunName } from './execution-host.ts'
import { outsideChange } from './mailbox.ts'
import { runKey, type Admitted, type RunDocument, type RunValue } from './run-document.ts'
import { Turnstile } from './turnstile.ts'
import type { Workflow } from './workflow.ts'

/** Who is in, of a group of runs of which only so many go on at a time. */
interface Gate {
  /** The group, for those who look at the document. */
  readonly group: string
  /** The ids of runs. */
  readonly holders: readonly string[]
}

/** When the next run of a group may begin. */
interface Pace {
  readonly group: string
  /** In milliseconds since 1970: when the next one would be due if they came evenly. */
  readonly next: number
}

/** What becomes of a run that asks to be let in. */
interface Decision {
  readonly admitted: boolean
  readonly value: RunValue
  /** When it asks again; infinity where it is told. */
  readonly due: number
  readonly also: readonly DocumentChange[]
}

/** How many of those that wait are looked at, when a place is free. */
const candidates = 10

/** Keeps to the limits of workflows in all processes: how many runs go on at a time, and how many begin in a span of time. */
export class Admission {
  readonly #state: StateStore
  readonly #clock: Clock
  readonly #turns = new Turnstile()

  constructor({ state, clock }: { readonly state: StateStore; readonly clock: Clock }) {
    this.#state = state
    this.#clock = clock
  }

  /** Lets a run in that this process has claimed. Resolves with its document as it is then, or with when it is due where it has to wait. */
  async admit(document: RunDocument, { settings, name }: Workflow): Promise<RunDocument | number> {
    const { value } = document
    const { concurrency, rate } = settings
    const asks = (concurrency ?? rate) !== undefined && value.admission?.admitted !== true
    // What is undone has been in, and goes on.
    if (!asks || value.cancel !== undefined || value.failure !== undefined) return document
    const leave = await this.#turns.enter(groupKey(name, concurrency?.by(value.input) ?? ''))
    try {
      for (;;) {
        const decided = await this.#decide(document, { settings, name })
        const own = { ...outsideChange(document, decided), ...(!decided.admitted && { release: true }) }
        try {
          await this.#state.write([own, ...decided.also])
          return decided.admitted ? { ...document, value: decided.value, version: document.version + 1 } : decided.due
        } catch (error) {
          const isConflict = error instanceof DocumentConflictError || error instanceof LeaseLostError
          // Others were faster at the gate; it is another matter where they were at the run.
          if (!isConflict || error.key === document.key) throw error
        }
      }
    } finally {
      leave()
    }
  }

  /** What is written with the end of a run, so that the next one of its group is let in. */
  async leaving({ workflow, id }: RunName, { admission }: RunValue): Promise<Ending> {
    const group = admission?.admitted === true ? admission.group : undefined
    if (group === undefined) return { also: [] }
    const leave = await this.#turns.enter(group)
    const settled = async (): Promise<void> => leave()
    try {
      const key = gateKey(workflow, group)
      const gate = await this.#state.get<Gate>(key)
      if (gate === undefined) return { also: [], settled }
      const waiting = await this.#state.list<RunName>(`${queueOf(group)}/`, { dueBefore: Number.MAX_SAFE_INTEGER, limit: candidates })
      const runs = await this.#state.getMany<RunValue>(waiting.map(({ value }) => runKey(value.workflow, value.id)))
      const next = runs.findIndex((run) => run?.value.state === 'queued' && run.value.admission?.admitted !== true)
      const done = waiting.slice(0, next === -1 ? waiting.length : next + 1)
      const also: DocumentChange[] = done.map((one) => ({ key: one.key, delete: true, ifVersion: one.version }))
      const holders = gate.value.holders.filter((holder) => holder !== id)
      const chosen = runs[next]
      if (chosen !== undefined) {
        holders.push(waiting[next]?.value.id ?? '')
        const value: RunValue = { ...chosen.value, admission: { ...chosen.value.admission, admitted: true, group } }
        also.push(outsideChange(chosen, { value, due: this.#clock.now() }))
      }
      also.push({ key, value: { ...gate.value, holders }, ifVersion: gate.version })
      return { also, settled }
    } catch (error) {
      leave()
      throw error
    }
  }

  async #decide(document: RunDocument, { settings, name }: Pick<Workflow, 'settings' | 'name'>): Promise<Decision> {
    const { value } = document
    const before: Admitted = value.admission ?? { admitted: false }
    const paced = before.begin === undefined && settings.rate ? await this.#pace(name, settings.rate, value.input) : undefined
    const begin = paced?.begin ?? before.begin
    const also = paced === undefined ? [] : [paced.change]
    const admission: Admitted = { ...before, ...(begin !== undefined && { begin }) }
    if (begin !== undefined && begin > this.#clock.now())
      return { admitted: false, value: { ...value, state: 'queued', admission }, due: begin, also }
    if (settings.concurrency === undefined) return this.#in(document, admission, also)
    const { limit, by } = settings.concurrency
    const text = by(value.input)
    const group = groupKey(name, text)
    const key = gateKey(name, group)
    const gate: Document<Gate> | undefined = await this.#state.get<Gate>(key)
    const id = document.key.slice(document.key.indexOf('/') + 1)
    const holders = gate?.value.holders ?? []
    const isIn = holders.includes(id) || holders.length < limit
    // Written in any case: whoever leaves meanwhile must see who has come.
    const next: Gate = { group: text, holders: isIn ? [...new Set([...holders, id])] : holders }
    also.push({ key, value: next, ifVersion: gate?.version ?? 0 })
    if (isIn) return this.#in(document, { ...admission, group }, also)
    also.push({ key: `${queueOf(group)}/${id}`, value: { workflow: name, id }, due: document.due ?? value.createdAt })
    return { admitted: false, value: { ...value, state: 'queued', admission }, due: Number.POSITIVE_INFINITY, also }
  }

  #in({ value, due }: RunDocument, admission: Admitted, also: readonly DocumentChange[]): Decision {
    return { admitted: true, value: { ...value, admission: { ...admission, admitted: true } }, due: due ?? value.createdAt, also }
  }

  /** When a run may begin, so that those before it and it keep to the rate. */
  async #pace(
    name: string,
    { limit, per, by }: NonNullable<Workflow['settings']['rate']>,
    input: unknown,
  ): Promise<{ readonly begin: number; readonly change: DocumentChange }> {
    const group = by(input)
    const key = `run-pace:${name}/${groupKey(name, group)}`
    const known = await this.#state.get<Pace>(key)
    const now = this.#clock.now()
    const interval = per / limit
    const last = known?.value.next ?? 0
    const begin = Math.ceil(Math.max(now, last - (per - interval)))
    const value: Pace = { group, next: Math.max(last, begin) + interval }
    return { begin, change: { key, value, ifVersion: known?.version ?? 0 } }
  }
}

function gateKey(workflow: string, group: string): string {
  return `run-gates:${workflow}/${group}`
}

/** The collection of those that wait to be let in: one for each group, in the order of when they were due. */
function queueOf(group: string): string {
  return `run-queue:${group}`
}

/** A group of runs as a part of keys, whatever it is called. */
function groupKey(workflow: string, group: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(`${workflow}\n${group}`).digest('hex').slice(0, 32)
}
