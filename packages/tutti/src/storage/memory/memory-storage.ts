import { createStorage, type StorageOptions } from '../create-storage.ts'
import type { DriverReader, DriverTransaction, StorageDriver, Unit, UnitResult } from '../driver.ts'
import type { Storage } from '../storage.ts'
import { MemoryState } from './memory-state.ts'

/** A storage in memory, for tests and for what may be lost: everything is gone when the process ends. */
export function memoryStorage(options: StorageOptions = {}): Storage {
  return createStorage(new MemoryDriver(), options)
}

/** Commits one after the other; readers see what is committed, whatever transactions are open. */
export class MemoryDriver implements StorageDriver {
  readonly kind = 'memory'
  readonly capabilities = { durable: false, shared: false, sql: false, wakesOthers: false, oneWriter: true }
  readonly lanes = 1
  readonly sql = undefined
  readonly reader: DriverReader
  readonly #state = new MemoryState()
  #writer: Promise<unknown> = Promise.resolve()

  constructor() {
    this.reader = readerOf(() => this.#state)
  }

  commit(units: readonly Unit[]): Promise<readonly UnitResult[]> {
    return this.#alone(() => Promise.resolve(units.map((unit) => this.#state.apply(unit))))
  }

  async begin(): Promise<DriverTransaction> {
    const begun = Promise.withResolvers<DriverTransaction>()
    void this.#alone(
      () =>
        new Promise<void>((release) => {
          begun.resolve(new MemoryTransaction(this.#state, release))
        }),
    )
    return begun.promise
  }

  migrate({
    dryRun,
  }: {
    readonly dryRun: boolean
  }): Promise<{ readonly from: number; readonly to: number; readonly steps: readonly []; readonly dryRun: boolean }> {
    return Promise.resolve({ from: 1, to: 1, steps: [], dryRun })
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    await this.#writer
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writer.then(work)
    this.#writer = done.catch(() => undefined)
    return done
  }
}

class MemoryTransaction implements DriverTransaction {
  readonly sql = undefined
  readonly stream: DriverReader['stream']
  readonly all: DriverReader['all']
  readonly streamState: DriverReader['streamState']
  readonly streams: DriverReader['streams']
  readonly head: DriverReader['head']
  readonly documents: DriverReader['documents']
  readonly list: DriverReader['list']
  readonly count: DriverReader['count']
  readonly #committed: MemoryState
  readonly #release: () => void
  readonly #savepoints = new Map<string, MemoryState>()
  #state: MemoryState

  constructor(committed: MemoryState, release: () => void) {
    this.#committed = committed
    this.#release = release
    this.#state = committed.fork()
    const reader = readerOf(() => this.#state)
    this.stream = reader.stream
    this.all = reader.all
    this.streamState = reader.streamState
    this.streams = reader.streams
    this.head = reader.head
    this.documents = reader.documents
    this.list = reader.list
    this.count = reader.count
  }

  async apply(unit: Unit): Promise<UnitResult> {
    return this.#state.apply(unit)
  }

  async savepoint(name: string): Promise<void> {
    this.#savepoints.set(name, this.#state)
    this.#state = this.#state.fork()
  }

  async rollbackTo(name: string): Promise<void> {
    this.#state = this.#savepoints.get(name) ?? this.#state
    this.#state.discardBeyond()
    this.#savepoints.delete(name)
  }

  async release(name: string): Promise<void> {
    this.#mergeInto(this.#savepoints.get(name) ?? this.#state)
    this.#savepoints.delete(name)
  }

  async commit(): Promise<void> {
    this.#mergeInto(this.#committed)
    this.#release()
  }

  async rollback(): Promise<void> {
    this.#committed.discardBeyond()
    this.#release()
  }

  #mergeInto(state: MemoryState): void {
    while (this.#state !== state) this.#state = this.#state.merge()
  }
}

function readerOf(state: () => MemoryState): DriverReader {
  return {
    stream: async (stream, page) => state().stream(stream, page),
    all: async (page) => state().all(page),
    streamState: async (stream) => state().streamState(stream),
    streams: async (query) => state().streams(query),
    head: async () => state().head,
    documents: async (keys) => state().documents(keys),
    list: async (query) => state().list(query),
    count: async (prefix) => state().count(prefix),
  }
}
