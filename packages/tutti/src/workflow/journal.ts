import { diverged } from './errors.ts'
import { prefixOf, undoPath, type Place, type Scope } from './place.ts'
import type { JournalRecord, OperationKind, PendingOperation } from './run-document.ts'

/** What is known of a run when a process takes it over. */
export interface JournalContents {
  readonly records: readonly JournalRecord[]
  readonly pending: readonly PendingOperation[]
  /** Places of records that do not count. */
  readonly voided: ReadonlySet<number>
}

interface Recorded {
  readonly record: JournalRecord
  readonly seq: number
}

/** What a run has done, by path, and whether it does the same again. */
export class Journal {
  readonly #recorded = new Map<string, Recorded>()
  readonly #pending = new Map<string, PendingOperation>()
  /** The path of each place, by branch and number. */
  readonly #places = new Map<string, string>()
  /** The highest place that is known of each branch. */
  readonly #reach = new Map<string, number>()
  readonly #unread = new Set<string>()
  #count: number
  #undone = false

  constructor({ records, pending, voided }: JournalContents) {
    this.#count = records.length
    for (const [seq, record] of records.entries()) {
      if (voided.has(seq)) continue
      this.#recorded.set(record.path, { record, seq })
      if (record.kind === 'undo') {
        this.#undone = true
        continue
      }
      this.#unread.add(record.path)
      this.#known(record)
    }
    for (const one of pending) {
      this.#pending.set(one.path, one)
      if (one.kind !== 'undo') this.#known(one)
    }
  }

  /** How many records there are, those that do not count included. */
  get count(): number {
    return this.#count
  }

  /** Whether there is something that the function has not come to again. */
  get isReplaying(): boolean {
    return this.#unread.size > 0 || this.#pending.size > 0
  }

  /** What was waited for, and to which the function has not come again. */
  get unmet(): readonly PendingOperation[] {
    return [...this.#pending.values()]
  }

  /** Whether something was undone. */
  get hasUndone(): boolean {
    return this.#undone
  }

  has(path: string): boolean {
    return this.#recorded.has(path)
  }

  /** What is known of a path. */
  meet(path: string): Pick<Place, 'path' | 'recorded' | 'pending'> {
    const pending = this.#pending.get(path)
    this.#pending.delete(path)
    return { path, recorded: this.#recorded.get(path), pending }
  }

  /** The next operation of a branch. Throws `TUTTI_WORKFLOW_DIVERGED` where another one was recorded in its place. */
  enter(scope: Scope, kind: OperationKind, name: string): Place {
    const { path, n } = scope.next(name)
    const { recorded, pending } = this.meet(path)
    const known = recorded?.record ?? pending
    const there = this.#places.get(placeOf(scope.prefix, n))
    if ((there !== undefined && there !== path) || (known !== undefined && (known.n !== n || known.kind !== kind))) {
      const wanted = there === undefined ? `nothing as number ${n + 1}` : `the ${this.#kindOf(there)} ${there} as number ${n + 1}`
      throw diverged(`The run came to the ${kind} ${path}, but its journal has ${wanted}${where(scope)}.`, { path, kind })
    }
    this.#unread.delete(path)
    return { scope, path, kind, n, recorded, pending }
  }

  /** Whether something was recorded in a branch at the next place or behind it. */
  isBehind(scope: Scope): boolean {
    return (this.#reach.get(scope.prefix) ?? -1) >= scope.count
  }

  /** Adds what has been done. Resolves with its place. */
  add(record: JournalRecord): number {
    const seq = this.#count++
    this.#recorded.set(record.path, { record, seq })
    if (record.kind === 'undo') this.#undone = true
    return seq
  }

  /** Takes back what was added under a path. The places of others stay. */
  forget(path: string): void {
    this.#recorded.delete(path)
  }

  /** Throws `TUTTI_WORKFLOW_DIVERGED` where the function has ended before it came to something that it had done. */
  assertAllRead(): void {
    const [path] = this.#unread
    if (path === undefined) return
    throw diverged(`The run has ended, but its journal has the ${this.#kindOf(path)} ${path}, to which it did not come.`, { path })
  }

  /** Throws `TUTTI_WORKFLOW_DIVERGED` where something was done that can be undone, but `known` does not say how. */
  assertUndosKnown(known: ReadonlySet<string>): void {
    for (const { record } of this.#recorded.values()) {
      const { path, undo } = record
      if (undo !== true || known.has(path) || this.#recorded.has(undoPath(path))) continue
      throw diverged(`The run has to undo the ${record.kind} ${path}, but its function does not say how.`, { path })
    }
  }

  #known({ path, n }: JournalRecord | PendingOperation): void {
    const prefix = prefixOf(path)
    this.#places.set(placeOf(prefix, n), path)
    this.#reach.set(prefix, Math.max(this.#reach.get(prefix) ?? -1, n))
  }

  #kindOf(path: string): OperationKind {
    return this.#recorded.get(path)?.record.kind ?? this.#pending.get(path)?.kind ?? 'step'
  }
}

function placeOf(prefix: string, n: number): string {
  return `${prefix}\n${n}`
}

function where({ prefix }: Scope): string {
  return prefix === '' ? '' : ` of the branch ${prefix.slice(0, -1)}`
}
