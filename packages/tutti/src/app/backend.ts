import type { MessageNeeds } from '../cqrs/index.ts'
import type { Clock, LifecycleHook } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { Storage } from '../storage/index.ts'
import { eventHandler, type AnyEventHandler, type OnOptions } from './event-handler.ts'
import { Messages } from './messages.ts'
import type { AppOptions } from './options.ts'
import type { Probes } from './probes.ts'
import { ReadModels } from './read-models.ts'
import { Stores } from './stores.ts'
import type { ReadableEvent, ReadableSource } from '../projections/index.ts'

/** What the backend of an application is made with. */
export interface BackendParts {
  readonly name: string
  readonly options: AppOptions
  readonly log: Logger
  readonly clock: () => Clock
  readonly probes: Probes
  /** Resolves what a handler needs, and goes on with it. */
  withDependencies<T>(needs: MessageNeeds, use: (deps: unknown) => Promise<T>): Promise<T>
}

/** Everything of an application that is not a protocol: storages, aggregates, commands, queries, projections. */
export class Backend {
  readonly stores: Stores
  readonly messages: Messages
  readonly readModels: ReadModels
  readonly #parts: BackendParts

  constructor(parts: BackendParts) {
    const { name, options, log, clock, withDependencies } = parts
    this.#parts = parts
    this.stores = new Stores({ name, clock, storage: options.storage, readStorage: options.readStorage })
    this.readModels = new ReadModels({ stores: this.stores, log, clock })
    this.messages = new Messages({
      stores: this.stores,
      readModels: this.readModels,
      log,
      clock,
      commands: options.commands,
      queries: options.queries,
      withDependencies,
    })
  }

  /** Where `sql` and `transaction` lead. */
  storage(): Storage {
    return this.stores.write
  }

  /** Adds a handler of events. */
  on(from: readonly (ReadableSource | ReadableEvent)[], options: OnOptions, handler: AnyEventHandler): void {
    const { verbs } = this.messages
    const { withDependencies } = this.#parts
    this.readModels.add(eventHandler(from, { options, handler, parts: { verbs, storage: () => this.stores.write, withDependencies } }))
  }

  /** What has to be there before hooks of the application, which may send commands. */
  get foundation(): readonly LifecycleHook[] {
    const { stores, messages, readModels } = this
    const { probes } = this.#parts
    const start = async (): Promise<void> => {
      messages.check()
      if (!stores.isChosen && !messages.hasAggregates && !readModels.isUsed) return
      await stores.open()
      probes.add('storage', () => stores.write.ping())
      if (stores.read !== stores.write) probes.add('read-storage', () => stores.read.ping())
      if (readModels.isUsed) probes.add('projections', () => readModels.check(), { critical: false, cache: '5s' })
    }
    return [
      { name: 'storage', start, stop: () => stores.close() },
      { name: 'aggregates', start: () => messages.start(), stop: () => messages.stop() },
    ]
  }

  /** What takes work by itself, once hooks of the application have prepared what it needs. */
  get workers(): readonly LifecycleHook[] {
    const { readModels } = this
    return [{ name: 'projections', start: () => readModels.start(), stop: () => readModels.stop() }]
  }
}
