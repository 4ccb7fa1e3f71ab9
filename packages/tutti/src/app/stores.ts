import { TuttiError, type Clock } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import type { StorageChoice } from './open-storage.ts'

/** What the storages of an application are opened by. */
export interface StoresOptions {
  readonly name: string
  readonly clock: () => Clock
  /** Where events and state are kept. @default `TUTTI_STORAGE` in the environment, else the file `.tutti/<name>.db` */
  readonly storage: StorageChoice | undefined
  /** Where read models are kept. @default `TUTTI_READ_STORAGE` in the environment, else the same storage */
  readonly readStorage: StorageChoice | undefined
}

/** The storages of one application: opened when it starts, if anything in it uses them. */
export class Stores {
  readonly #options: StoresOptions
  #write: Storage | undefined
  #read: Storage | undefined
  #connecting: Promise<void> | undefined

  constructor(options: StoresOptions) {
    this.#options = options
  }

  /** Whether the application asks for a storage whatever is in it. */
  get isChosen(): boolean {
    return this.#options.storage !== undefined
  }

  /** Where events and state are; `undefined` before the start, and where nothing uses it. */
  get opened(): Storage | undefined {
    return this.#write
  }

  /** Where events and state are. Throws `TUTTI_STORAGE_UNUSED` where there is none. */
  get write(): Storage {
    if (this.#write !== undefined) return this.#write
    throw new TuttiError(
      'TUTTI_STORAGE_UNUSED',
      'The application has no storage: it has not started, or nothing in it needs one. Give it one with new App({ storage }).',
    )
  }

  /** Where read models are: the same storage unless they have one of their own. Throws `TUTTI_STORAGE_UNUSED` where there is none. */
  get read(): Storage {
    return this.#read ?? this.write
  }

  /** Opens and migrates what was chosen. */
  async open(): Promise<void> {
    await this.connect()
    await this.#write?.migrate()
    await this.#read?.migrate()
  }

  /** Opens what was chosen, and leaves it as it is. Idempotent. */
  connect(): Promise<void> {
    return (this.#connecting ??= this.#connect())
  }

  /** Closes what was opened here; storages that were handed in stay open. */
  async close(): Promise<void> {
    if (this.#read !== this.#options.readStorage) await this.#read?.close()
    if (this.#write !== this.#options.storage) await this.#write?.close()
  }

  async #connect(): Promise<void> {
    const { storage, readStorage, name } = this.#options
    const clock = this.#options.clock()
    // Applications without events load none of this.
    const { openStorage } = await import('./open-storage.ts')
    this.#write = await openStorage(storage ?? process.env['TUTTI_STORAGE'], { name, clock })
    const read = readStorage ?? process.env['TUTTI_READ_STORAGE'] ?? ''
    if (read !== '') this.#read = await openStorage(read, { name, clock })
  }
}
