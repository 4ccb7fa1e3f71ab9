import type { Document, ListOptions, SqlFragment } from '../storage/index.ts'

/** The documents of a projection's live version. */
export interface DocumentView {
  get<T = unknown>(id: string): Promise<T | undefined>
  /** Those whose ids begin with `prefix`, in the order of their keys. */
  list<T = unknown>(prefix?: string, options?: Omit<ListOptions, 'tx'>): Promise<readonly Document<T>[]>
  /** The name of a table of the live version's own, such as `orders_v2`: put it into a template. */
  table(name: string): SqlFragment
}

/** What a projection in memory shows. */
export interface MemoryView<State> {
  /** Throws `TUTTI_PROJECTION_STOPPED` where a handler has failed: what it held would be wrong from there on. */
  get(): State
  /** How far it has come. */
  readonly position: number
}
