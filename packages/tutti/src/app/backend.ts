import type { MessageNeeds } from '../cqrs/index.ts'
import { milliseconds, type Clock, type LifecycleHook } from '../kernel/index.ts'
import type { ProtocolVerbs, RecordedEvent } from '../message/index.ts'
import type { RelayMapping, Topic } from '../messaging/index.ts'
import type { Logger, Tracer } from '../observe/index.ts'
import { subscription, type ReadableEvent, type ReadableSource } from '../projections/index.ts'
import type { Storage } from '../storage/index.ts'
import { DeadLetters } from './dead-letters.ts'
import { eventHandler, type AnyEventHandler, type OnOptions } from './event-handler.ts'
import { Messages } from './messages.ts'
import type { AppOptions } from './options.ts'
import type { Probes } from './probes.ts'
import { ReadModels } from './read-models.ts'
import { Runs } from './runs.ts'
import { Schedules } from './schedules.ts'
import { Stores } from './stores.ts'
import { Topics, type RelayOptions } from './topics.ts'
import { addWorkChecks } from './work-checks.ts'
import type { WorkParts } from './work-context.ts'

/** What the backend of an application is made with. */
export interface BackendParts {
  readonly name: string
  readonly options: AppOptions
  readonly log: Logger
  readonly clock: () => Clock
  /** A tracer for a part of the application. */
  readonly tracer: (scope: string) => Tracer
  readonly probes: Probes
  /** Resolves what a handler needs, and goes on with it. */
  withDependencies<T>(needs: MessageNeeds, use: (deps: unknown) => Promise<T>): Promise<T>
}

/** Everything of an application that is not a protocol: storages, aggregates, commands, queries, projections. */
export class Backend {
  readonly stores: Stores
  readonly messages: Messages
  readonly readModels: ReadModels
  readonly topics: Topics
  readonly schedules: Schedules
  readonly runs: Runs
  /** The subscriptions that publish events, and to which topics. */
  readonly relays: { readonly name: string; readonly topic: string }[] = []
  readonly #work: WorkParts
  readonly #parts: BackendParts

  constructor(parts: BackendParts) {
    const { name, options, log, clock, tracer, withDependencies } = parts
    this.#parts = parts
    const logOf = (part: string): Logger => log.child({ component: `tutti.${part}` })
    this.stores = new Stores({ name, clock, storage: options.storage, readStorage: options.readStorage })
    this.readModels = new ReadModels({ stores: this.stores, log: logOf('projections'), clock, tracer })
    const verbs = (): ProtocolVerbs => this.messages.verbs
    this.#work = {
      get verbs() {
        return verbs()
      },
      storage: () => this.stores.write,
      withDependencies,
    }
    const shared = { stores: this.stores, clock, tracer, work: this.#work }
    this.topics = new Topics({ ...shared, log: logOf('messaging'), name, broker: options.broker, options: options.messages })
    this.schedules = new Schedules({
      ...shared,
      log: logOf('schedule'),
      commands: {
        aggregate: (wanted) => this.messages.aggregate(wanted),
        definition: (wanted) => this.messages.definition(wanted),
      },
      options: options.schedules,
    })
    this.runs = new Runs({ stores: this.stores, log: logOf('workflows'), clock, tracer, verbs, options: options.workflows })
    this.messages = new Messages({
      stores: this.stores,
      readModels: this.readModels,
      log: logOf('messages'),
      clock,
      tracer,
      commands: options.commands,
      queries: options.queries,
      withDependencies,
      verbs: { ...this.readModels.verbs, ...this.topics.verbs, ...this.schedules.verbs, ...this.runs.verbs },
    })
  }

  /** What goes on may use half of the drain time; the rest is for what then has to be given up. */
  get #limit(): number {
    return milliseconds(this.#parts.options.drainTimeout ?? '30s') / 2
  }

  /** Where `sql` and `transaction` lead. */
  storage(): Storage {
    return this.stores.write
  }

  /** Work of all kinds that was set aside. */
  get deadLetters(): DeadLetters {
    const { readModels, topics, runs } = this
    const sources = [
      ...(readModels.isUsed ? [readModels.letters] : []),
      ...(topics.hasConsumers ? [topics.letters] : []),
      ...(runs.isUsed ? [runs.letters] : []),
    ]
    return new DeadLetters(sources, this.#parts.clock)
  }

  /** Adds a handler of events. */
  on(from: readonly (ReadableSource | ReadableEvent)[], options: OnOptions, handler: AnyEventHandler): void {
    this.readModels.add(eventHandler(from, { options, handler, parts: this.#work }))
  }

  /** Publishes events: the log is the outbox. */
  relay<S extends ReadableSource | ReadableEvent, T extends Topic>(
    from: readonly (ReadableSource | ReadableEvent)[],
    { to, name = `relay-${to.name}`, start = 'now', map }: RelayOptions<S, T>,
  ): void {
    // What is published is checked against the topic, whether it is mapped or not.
    const publish = this.topics.relay(to, (map ?? asItIs) as RelayMapping<RecordedEvent, Topic>)
    this.relays.push({ name, topic: to.name })
    this.readModels.add(subscription(name, { from, start, poison: 'stop' }, (event: RecordedEvent) => publish(event)))
  }

  /** Opens the storages that are used, and changes nothing in them. */
  async openStorages(): Promise<readonly Storage[]> {
    if (!this.#usesStorage) return []
    await this.stores.connect()
    const { write, read } = this.stores
    return write === read ? [write] : [write, read]
  }

  get #usesStorage(): boolean {
    const { stores, messages, readModels, topics, schedules, runs } = this
    return stores.isChosen || messages.hasAggregates || readModels.isUsed || topics.hasConsumers || schedules.isUsed || runs.isUsed
  }

  /** What has to be there before hooks of the application, which may send commands. */
  get foundation(): readonly LifecycleHook[] {
    const { stores, messages, readModels, runs } = this
    const { probes } = this.#parts
    const start = async (): Promise<void> => {
      messages.check()
      for (const following of runs.subscriptions) readModels.add(following)
      if (this.#usesStorage) await stores.open()
      addWorkChecks(probes, this)
    }
    return [
      { name: 'storage', start, stop: () => stores.close() },
      { name: 'aggregates', start: () => messages.start(), stop: () => messages.stop() },
      { name: 'workflows', start: () => runs.open(), stop: () => runs.stop(this.#limit) },
    ]
  }

  /** What takes work by itself, once hooks of the application have prepared what it needs. */
  get workers(): readonly LifecycleHook[] {
    const { readModels, topics, schedules, runs } = this
    return [
      this.#staying,
      { name: 'messages', start: () => topics.start(), stop: () => topics.stop(this.#limit) },
      { name: 'runs', start: () => runs.start(), stop: () => runs.stop(this.#limit) },
      { name: 'projections', start: () => readModels.start(), stop: () => readModels.stop() },
      { name: 'schedules', start: () => schedules.start(), stop: () => schedules.stop(this.#limit) },
    ]
  }

  /** Keeps the process alive while there is work to wait for: what waits for it does not, nor do servers that are away. */
  get #staying(): LifecycleHook {
    const { readModels, topics, schedules, runs } = this
    const works = readModels.isUsed || topics.hasConsumers || schedules.isUsed || runs.isUsed
    let timer: NodeJS.Timeout | undefined
    const start = (): void => {
      if (works) timer = setInterval(() => undefined, longestDelay)
    }
    return { name: 'process', start, stop: () => clearInterval(timer) }
  }

  /** What is there in place of `workers` where no work is to be taken: it is looked at and acted upon, and others do the work. */
  get idle(): readonly LifecycleHook[] {
    const { readModels, topics, schedules } = this
    return [
      { name: 'messages', start: () => topics.open(), stop: () => topics.stop(this.#limit) },
      { name: 'projections', start: () => readModels.open(), stop: () => readModels.stop() },
      { name: 'schedules', start: () => schedules.open(), stop: () => schedules.stop(this.#limit) },
    ]
  }
}

/** The longest that Node's timers take, in milliseconds. */
const longestDelay = 2 ** 31 - 1

function asItIs(event: RecordedEvent): { readonly data: unknown; readonly key: string } {
  return { data: event.data, key: event.stream }
}
