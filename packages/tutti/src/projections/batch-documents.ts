import type { Document, DocumentChange, ListOptions, Transaction } from '../storage/index.ts'
import type { DocumentFields, ProjectionDocuments } from './handler-context.ts'

interface Entry {
  value: unknown
  /** What is stored; `undefined` where nobody asked. */
  readonly version: number | undefined
  fields: DocumentFields
  dirty: boolean
}

/** The documents of a build within one transaction: each is read once and written once. */
export class BatchDocuments implements ProjectionDocuments {
  readonly #state: Transaction['state']
  readonly #collection: string
  readonly #entries = new Map<string, Entry>()

  constructor(state: Transaction['state'], collection: string) {
    this.#state = state
    this.#collection = collection
  }

  async get<T>(id: string): Promise<T | undefined> {
    const known = this.#entries.get(id)
    // Whoever reads a document says what it wrote.
    if (known !== undefined) return known.value as T | undefined
    const found = await this.#state.get<T>(this.#key(id))
    this.#entries.set(id, { value: found?.value, version: found?.version ?? 0, fields: {}, dirty: false })
    return found?.value
  }

  put(id: string, value: unknown, fields: DocumentFields = {}): void {
    this.#entries.set(id, { value, version: this.#entries.get(id)?.version, fields, dirty: true })
  }

  delete(id: string): void {
    this.put(id, undefined)
  }

  async list<T>(prefix = '', options: Omit<ListOptions, 'tx'> = {}): Promise<readonly Document<T>[]> {
    const changes = this.takeChanges()
    await this.#state.write(changes)
    // Versions are others now.
    for (const { key } of changes) this.#entries.delete(key.slice(this.#collection.length + 1))
    return this.#state.list<T>(this.#key(prefix), options)
  }

  /** What is still to be written, in an order that all processes share. What was read is written only over what was read. */
  takeChanges(): DocumentChange[] {
    const changes: DocumentChange[] = []
    for (const [id, entry] of this.#entries) {
      if (!entry.dirty) continue
      entry.dirty = false
      const key = this.#key(id)
      const premise = entry.version === undefined ? {} : { ifVersion: entry.version }
      if (entry.value !== undefined) changes.push({ key, value: entry.value, ...entry.fields, ...premise })
      else if (entry.version !== 0) changes.push({ key, delete: true, ...premise })
    }
    return changes.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  #key(id: string): string {
    return `${this.#collection}/${id}`
  }
}
