import { OptionError, shown } from '../kernel/index.ts'
import type { JournalRecord, OperationKind, PendingOperation } from './run-document.ts'

/** Where an operation stands in its run, and what is known of it from before. */
export interface Place {
  readonly scope: Scope
  readonly path: string
  readonly kind: OperationKind
  readonly n: number
  /** What was recorded of it, with its place in the journal. */
  readonly recorded: { readonly record: JournalRecord; readonly seq: number } | undefined
  /** What it was waiting for when the run left its last process. */
  readonly pending: PendingOperation | undefined
}

/** The operations of a run, or of one of its branches, in the order in which they are called. */
export class Scope {
  /** Empty, or that of the branch with a slash behind it. */
  readonly prefix: string
  /** Fires when what happens in it is given up. */
  readonly signal: AbortSignal
  #count = 0
  readonly #names = new Map<string, number>()

  constructor(prefix: string, signal: AbortSignal) {
    this.prefix = prefix
    this.signal = signal
  }

  /** How many operations were called. */
  get count(): number {
    return this.#count
  }

  /** The path of another operation of that name. */
  next(name: string): { readonly path: string; readonly n: number } {
    return { path: this.path(name), n: this.#count++ }
  }

  /** The path that the next operation of that name would have. */
  peek(name: string): string {
    return `${this.prefix}${numbered(name, (this.#names.get(name) ?? 0) + 1)}`
  }

  /** The path of something that takes no place in the order, such as a branch. */
  path(name: string): string {
    const path = this.peek(checkName(name))
    this.#names.set(name, (this.#names.get(name) ?? 0) + 1)
    return path
  }
}

/** The part of a path that names the branches. */
export function prefixOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** The path of what undoes something. */
export function undoPath(path: string): string {
  return `undo:${path}`
}

function numbered(name: string, nth: number): string {
  return nth === 1 ? name : `${name}#${nth}`
}

function checkName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be in a name
  if (typeof name === 'string' && /^[^/#\u0000-\u001f\u007f]{1,100}$/.test(name) && name.isWellFormed()) return name
  throw new OptionError(`A step received the name ${shown(name)}; wanted 1 to 100 characters without slashes and number signs.`)
}
