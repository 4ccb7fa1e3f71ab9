import { prefixOf } from './place.ts'
import type { UndoPolicy } from './step-options.ts'

/** How something is taken back that a run has done. */
export interface UndoEntry {
  /** The path of what is undone. */
  readonly path: string
  /** The place in the journal; infinity where nothing was recorded. */
  readonly seq: number
  readonly policy: UndoPolicy
  /** What the step came to. */
  readonly result: unknown
}

/** What a run would have to take back. */
export class UndoStack {
  readonly #entries = new Map<string, UndoEntry>()

  get paths(): ReadonlySet<string> {
    return new Set(this.#entries.keys())
  }

  add(entry: UndoEntry): void {
    this.#entries.set(entry.path, entry)
  }

  /** What is to be undone of some branches and the branches in them, what ended last first. */
  of(prefixes: readonly string[]): readonly UndoEntry[] {
    return (
      [...this.#entries.values()]
        .filter(({ path }) => prefixes.some((prefix) => prefixOf(path).startsWith(prefix)))
        // Of those that have no place in the journal, the one that was called last.
        .toReversed()
        .toSorted((a, b) => (a.seq === b.seq ? 0 : b.seq - a.seq))
    )
  }

  remove(path: string): void {
    this.#entries.delete(path)
  }
}
