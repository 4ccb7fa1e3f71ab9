import type { DocumentChange } from '../storage/index.ts'
import { Journal } from './journal.ts'
import type { RunWrite } from './run-writer.ts'
import {
  openStatus,
  pageKey,
  type InboxItem,
  type JournalRecord,
  type PendingOperation,
  type RunDocument,
  type RunValue,
} from './run-document.ts'

/** What a run becomes with its next write, beside what it has done. */
export interface RunChange extends Partial<
  Pick<RunValue, 'state' | 'failure' | 'problem' | 'output' | 'endedAt' | 'startedAt' | 'cancel' | 'admission'>
> {
  readonly pending?: readonly PendingOperation[]
}

/** A page of a journal is begun when the newest part has so many records, or about so many characters. */
const pageRecords = 64
const pageSize = 32_000
/** What a record has around its result. */
const recordSize = 150

/** A run in memory: what is stored of it, and what has happened since. */
export class RunModel {
  readonly workflow: string
  readonly id: string
  readonly journal: Journal
  #value: RunValue
  #tail: { readonly record: JournalRecord; readonly size: number }[]
  #inbox: readonly InboxItem[]
  /** Everything that was ever in the inbox here: what was taken out is not put in again. */
  readonly #known: Set<string>
  /** What was taken of the inbox for something that is not recorded yet. */
  readonly #taken = new Set<string>()
  #changes = 0
  #saved = 0
  #writes: number

  constructor(workflow: string, document: RunDocument, paged: readonly JournalRecord[]) {
    const { value, key, epoch } = document
    this.workflow = workflow
    this.id = key.slice(key.indexOf('/') + 1)
    this.#value = { ...value, claims: epoch }
    this.#writes = value.writes
    this.#tail = value.tail.map((record) => ({ record, size: sizeOf(record) }))
    this.#inbox = value.inbox ?? []
    this.#known = new Set(this.#inbox.map(({ id }) => id))
    this.journal = new Journal({
      records: [...paged, ...value.tail],
      pending: value.pending ?? [],
      voided: new Set(value.voided),
    })
  }

  get value(): RunValue {
    return this.#value
  }

  /** Whether something has happened that is not written. */
  get isDirty(): boolean {
    return this.#changes > this.#saved
  }

  /** What has happened by now, to ask `isSaved` about. */
  get mark(): number {
    return this.#changes
  }

  /** Whether everything is written that had happened by then. */
  isSaved(mark: number): boolean {
    return this.#saved >= mark
  }

  /** Adds what has been done, and the item of the inbox that was taken for it leaves with that. Resolves with its place in the journal. */
  record(record: JournalRecord, size: number, taken?: InboxItem): number {
    this.#tail.push({ record, size: size + recordSize })
    if (taken !== undefined) {
      this.#inbox = this.#inbox.filter(({ id }) => id !== taken.id)
      this.#taken.delete(taken.id)
    }
    this.#changes++
    return this.journal.add(record)
  }

  /** Takes back what was recorded last under a path, before it was written. */
  forget(path: string): void {
    this.#tail = this.#tail.filter(({ record }) => record.path !== path)
    this.journal.forget(path)
  }

  /** Takes the oldest item of a kind and name that nobody has taken: it stays in the inbox until it is recorded what it was taken for. */
  take(kind: InboxItem['kind'], name: string): InboxItem | undefined {
    const found = this.#inbox.find((item) => item.kind === kind && item.name === name && !this.#taken.has(item.id))
    if (found !== undefined) this.#taken.add(found.id)
    return found
  }

  /** Puts an item into the inbox. Gives whether it, or one with the same key, is or was there. */
  put(item: InboxItem): boolean {
    const next = withItem({ ...this.#value, inbox: this.#inbox }, item)
    if (next === undefined) return false
    this.#inbox = next.inbox ?? []
    this.#value = next
    this.#known.add(item.id)
    this.#changes++
    return true
  }

  /** Puts an item into the inbox that nobody takes before it was written. */
  withhold(item: InboxItem): void {
    this.#taken.add(item.id)
    this.put(item)
  }

  /** Lets an item be taken that was withheld. */
  release({ id }: InboxItem): void {
    this.#taken.delete(id)
  }

  /** Takes an item out that was withheld, and not written. */
  discard({ id }: InboxItem): void {
    this.#inbox = this.#inbox.filter((item) => item.id !== id)
    this.#taken.delete(id)
    this.#changes++
  }

  /** Changes what is written the next time. */
  change(change: RunChange): void {
    this.#value = { ...this.#value, ...change }
    this.#changes++
  }

  /** Takes in what others have written. */
  merge({ value }: RunDocument): void {
    const own = this.#value.seen ?? []
    // What came with the same key both here and there counts once.
    const news = (value.inbox ?? []).filter((item) => !this.#known.has(item.id) && !own.includes(keyOf(item)))
    for (const { id } of news) this.#known.add(id)
    this.#inbox = [...this.#inbox, ...news]
    const { cancel = this.#value.cancel } = value
    const seen = [...new Set([...(value.seen ?? []), ...own])].slice(-rememberedKeys)
    this.#value = { ...this.#value, ...(cancel && { cancel }), ...(seen.length > 0 && { seen }) }
    this.#changes++
  }

  /** What is to be written now, with changes of this write alone. Call `done` when it was. */
  compose(change: RunChange): { readonly value: RunValue; readonly also: readonly DocumentChange[]; readonly done: () => void } {
    const changes = this.#changes
    const count = this.#tail.length
    const size = this.#tail.reduce((sum, one) => sum + one.size, 0)
    const full = count >= pageRecords || size >= pageSize
    const { pages, paged } = this.#value
    const records = this.#tail.map(({ record }) => record)
    const value: RunValue = {
      ...this.#value,
      ...change,
      writes: ++this.#writes,
      inbox: this.#inbox,
      tail: full ? [] : records,
      pages: full ? pages + 1 : pages,
      paged: full ? paged + count : paged,
    }
    const done = (): void => {
      this.#saved = changes
      this.#value = { ...this.#value, pages: value.pages, paged: value.paged }
      if (full) this.#tail = this.#tail.slice(count)
    }
    return { value, also: full ? [{ key: pageKey(this.workflow, this.id, pages), value: records }] : [], done }
  }

  /** The same run with another input and an empty journal. */
  renewed(input: unknown): RunValue {
    const { voided: _voided, pending: _pending, ...kept } = this.#value
    const generation = kept.generation + 1
    return { ...kept, input, state: 'running', generation, writes: this.#writes, inbox: this.#inbox, tail: [], pages: 0, paged: 0 }
  }

  /** What is to be written to make it that. */
  renew(input: unknown): RunWrite {
    this.#writes++
    const value = this.renewed(input)
    const { pages } = this.#value
    const also = Array.from({ length: pages }, (_, page) => ({ key: pageKey(this.workflow, this.id, page), delete: true as const }))
    return { value, status: openStatus(value.version), due: value.createdAt, also }
  }
}

/** The most that waits in an inbox: whoever sends more is told so. */
const inboxItems = 1_000
/** Keys of signals that are remembered. */
const rememberedKeys = 100

/** A run with another item in its inbox; `undefined` where the inbox is full, and the same run where one with its key came already. */
export function withItem(value: RunValue, item: InboxItem): RunValue | undefined {
  const { inbox = [], seen = [] } = value
  const isSignal = item.kind === 'signal'
  if (isSignal && seen.includes(keyOf(item))) return value
  if (isSignal && inbox.length >= inboxItems) return undefined
  return { ...value, inbox: [...inbox, item], ...(isSignal && { seen: [...seen, keyOf(item)].slice(-rememberedKeys) }) }
}

/** Whoever does not know whether a signal has arrived sends the same one again. */
function keyOf({ id, key = id }: InboxItem): string {
  return key
}

function sizeOf(record: JournalRecord): number {
  return recordSize + (record.result === undefined ? 0 : JSON.stringify(record.result, textOfBigint).length)
}

function textOfBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
