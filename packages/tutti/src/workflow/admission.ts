import { DocumentConflictError, type Document, type DocumentChange, type StateStore } from '../storage/index.ts'
import type { Clock } from '../kernel/index.ts'
import type { Ending, RunName } from './execution-host.ts'
import { outsideChange } from './mailbox.ts'
import { runKey, type Admitted, type RunDocument, type RunValue } from './run-document.ts'
import { turnOf, type Pace } from './pace.ts'
import { Turnstile } from './turnstile.ts'
import type { WorkflowSettings } from './workflow-settings.ts'
import type { Workflow } from './workflow.ts'

/** Who is in, of a group of runs of which only so many go on at a time. */
interface Gate {
  /** The group, for those who look at the document. */
  readonly group: string
  /** The ids of runs. */
  readonly holders: readonly string[]
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
  async admit(claimed: RunDocument, { settings, name }: Workflow): Promise<RunDocument | number> {
    let document = claimed
    if (!this.#asks(document, settings)) return document
    const leave = await this.#turns.enter(groupKey(name, settings.concurrency?.by(document.value.input) ?? ''))
    try {
      for (;;) {
        const decided = await this.#decide(document, { settings, name })
        const own = { ...outsideChange(document, decided), ...(!decided.admitted && { release: true }) }
        try {
          await this.#state.write([own, ...decided.also])
          return decided.admitted ? { ...document, value: decided.value, version: document.version + 1 } : decided.due
        } catch (error) {
          if (!(error instanceof DocumentConflictError)) throw error
          // Others were faster: at the gate, or with something that was sent to the run.
          if (error.key === document.key) document = await this.#again(claimed, error)
          if (!this.#asks(document, settings)) return document
        }
      }
    } finally {
      leave()
    }
  }

  /** What is written with the end of a run, so that the next ones of its group are let in. */
  async leaving({ workflow, id }: RunName, { admission }: RunValue, settings: WorkflowSettings): Promise<Ending> {
    const group = admission?.group
    if (group === undefined) return { also: [] }
    const waited: DocumentChange = { key: `${queueOf(group)}/${id}`, delete: true }
    const leave = await this.#turns.enter(group)
    const settled = async (): Promise<void> => leave()
    try {
      const key = gateKey(workflow, group)
      const gate = await this.#state.get<Gate>(key)
      if (gate?.value.holders.includes(id) !== true) return { also: [waited], settled }
      const holders = gate.value.holders.filter((holder) => holder !== id)
      const waiting = await this.#state.list<RunName>(`${queueOf(group)}/`, { dueBefore: Number.MAX_SAFE_INTEGER, limit: candidates })
      const runs = await this.#state.getMany<RunValue>(waiting.map(({ value }) => runKey(value.workflow, value.id)))
      const also: DocumentChange[] = []
      for (const [i, { key: place, version, value: name }] of waiting.entries()) {
        if (holders.length >= (settings.concurrency?.limit ?? Number.POSITIVE_INFINITY)) break
        also.push({ key: place, delete: true, ifVersion: version })
        const run = runs[i]
        if (run?.value.state !== 'queued' || run.value.admission?.admitted === true) continue
        holders.push(name.id)
        // One that also has to keep to a rate asks for its turn.
        const value: RunValue = { ...run.value, admission: { ...run.value.admission, group, admitted: settings.rate === undefined } }
        also.push(outsideChange(run, { value, due: this.#clock.now() }))
      }
      also.push({ key, value: { ...gate.value, holders }, ifVersion: gate.version })
      return { also, settled }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Whether a run has to be let in. What is undone, is given up or too late has been in, or never will be. */
  #asks({ value }: RunDocument, { concurrency, rate }: WorkflowSettings): boolean {
    const { admission, cancel, failure, deadline = Number.POSITIVE_INFINITY } = value
    if ((concurrency ?? rate) === undefined || admission?.admitted === true) return false
    return cancel === undefined && failure === undefined && deadline > this.#clock.now()
  }

  /** A run as others have left it, where it still is this process's. */
  async #again({ key, epoch }: RunDocument, conflict: DocumentConflictError): Promise<RunDocument> {
    const found = await this.#state.get<RunValue>(key)
    if (found?.epoch !== epoch) throw conflict
    return found
  }

  async #decide(document: RunDocument, { settings, name }: Pick<Workflow, 'settings' | 'name'>): Promise<Decision> {
    const { value } = document
    const before: Admitted = value.admission ?? { admitted: false }
    const { begin } = before
    const waiting = (admission: Admitted, due: number, also: readonly DocumentChange[]): Decision => ({
      admitted: false,
      value: { ...value, state: 'queued', admission },
      due: Math.min(due, value.deadline ?? Number.POSITIVE_INFINITY),
      also,
    })
    if (begin !== undefined && begin > this.#clock.now()) return waiting(before, begin, [])
    const gate = settings.concurrency && (await this.#gate(document, settings.concurrency, name))
    if (gate?.isFull === true) {
      const { group, change } = gate
      const id = idOf(document)
      const queue: DocumentChange = { key: `${queueOf(group)}/${id}`, value: { workflow: name, id }, due: document.due ?? value.createdAt }
      return waiting({ ...before, group }, Number.POSITIVE_INFINITY, [change, queue])
    }
    const turn = settings.rate && (await this.#turn(name, settings.rate, value))
    const admission: Admitted = { ...before, ...(turn && { begin: turn.at }) }
    if (turn?.begins === false) return waiting(admission, turn.at, [turn.change])
    const also = [...(turn ? [turn.change] : []), ...(gate ? [gate.change] : [])]
    const admitted: Admitted = { ...admission, admitted: true, ...(gate && { group: gate.group }) }
    return { admitted: true, value: { ...value, admission: admitted }, due: document.due ?? value.createdAt, also }
  }

  /** Whether there is a place for a run in its group, and what is written where it takes that, or finds that there is none. */
  async #gate(
    document: RunDocument,
    { limit, by }: NonNullable<WorkflowSettings['concurrency']>,
    workflow: string,
  ): Promise<{ readonly isFull: boolean; readonly group: string; readonly change: DocumentChange }> {
    const text = by(document.value.input)
    const group = groupKey(workflow, text)
    const key = gateKey(workflow, group)
    const gate: Document<Gate> | undefined = await this.#state.get<Gate>(key)
    const id = idOf(document)
    const holders = gate?.value.holders ?? []
    const isFull = !holders.includes(id) && holders.length >= limit
    // Written in any case: whoever leaves meanwhile must see who has come.
    const value: Gate = { group: text, holders: isFull ? holders : [...new Set([...holders, id])] }
    return { isFull, group, change: { key, value, ifVersion: gate?.version ?? 0 } }
  }

  /** Whether a run begins now, so that those before it and it keep to the rate, and what is written then. */
  async #turn(
    name: string,
    rate: NonNullable<WorkflowSettings['rate']>,
    { input, admission }: RunValue,
  ): Promise<{ readonly begins: boolean; readonly at: number; readonly change: DocumentChange }> {
    const group = rate.by(input)
    const key = `run-pace:${name}/${groupKey(name, group)}`
    const known = await this.#state.get<Pace>(key)
    const waited = admission?.begin !== undefined
    const turn = turnOf(known?.value ?? { group, begun: [], next: 0 }, rate, { now: this.#clock.now(), waited })
    return { ...turn, change: { key, value: turn.pace, ifVersion: known?.version ?? 0 } }
  }
}

function idOf({ key }: RunDocument): string {
  return key.slice(key.indexOf('/') + 1)
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
