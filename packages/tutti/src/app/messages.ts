import { openRepository, type AggregateCommand, type AggregateRules, type Repository } from '../events/index.ts'
import { Bus, type BusOptions, type BusParts, type HandleOptions } from '../cqrs/index.ts'
import { TuttiError, type Clock } from '../kernel/index.ts'
import type { Loadable, LoadOptions, ProtocolVerbs, RequestDefinition, Sendable, SendDefaults, Verbs } from '../message/index.ts'
import type { Logger, Tracer } from '../observe/index.ts'
import { MessageMeasures } from './message-measures.ts'
import type { ReadModels } from './read-models.ts'
import { isAggregateCommand, isRequestMessage } from './stored-command.ts'
import type { Stores } from './stores.ts'

/** What the messages of an application are handled with. */
export interface MessagesParts {
  readonly stores: Stores
  readonly readModels: ReadModels
  readonly log: Logger
  readonly clock: () => Clock
  /** A tracer for a part of the application. */
  readonly tracer: (scope: string) => Tracer
  readonly commands: BusOptions | undefined
  readonly queries: BusOptions | undefined
  readonly withDependencies: BusParts['withDependencies']
  /** What other parts of the application add to the verbs. */
  readonly verbs: Omit<Verbs, OwnVerbs>
}

type OwnVerbs = 'send' | 'ask' | 'load' | 'find'

/** Aggregates, commands and queries of one application: where `send`, `ask` and `load` lead. */
export class Messages {
  readonly verbs: ProtocolVerbs
  readonly #parts: MessagesParts
  readonly #aggregates = new Map<string, AggregateRules<unknown>>()
  readonly #commands: Bus
  readonly #queries: Bus
  readonly #measures = new MessageMeasures()
  readonly #tracer: Tracer
  #repository: Repository | undefined

  constructor(parts: MessagesParts) {
    this.#parts = parts
    this.#commands = new Bus('command', parts.commands)
    this.#queries = new Bus('query', parts.queries)
    this.#tracer = parts.tracer('tutti.messages')
    this.verbs = {
      send: (command) => this.#send(command, {}),
      sendWith: (command, defaults) => this.#send(command, defaults),
      ask: (query) => this.#ask(query),
      load: async (aggregate, id, options) => {
        const known = this.#assertUsed(aggregate)
        // What was declared under this name is the same aggregate, so its state is of the type that the caller sees.
        return (await this.#running(aggregate.name).load(known, id, options)) as StateIn<typeof aggregate>
      },
      find: async (aggregate, id, options) => (await this.#inspect(aggregate, id, options))?.state,
      inspect: (aggregate, id, options) => this.#inspect(aggregate, id, options),
      settled: (command, { position }, ms) => this.#settled(command, position, ms),
      ...parts.verbs,
    }
  }

  /** Whether there are aggregates, which need a storage. */
  get hasAggregates(): boolean {
    return this.#aggregates.size > 0
  }

  /** Whether there is anything to be sent or asked. */
  get isUsed(): boolean {
    return this.hasAggregates || !this.#commands.isEmpty || !this.#queries.isEmpty
  }

  addAggregate(aggregate: AggregateRules<unknown>): void {
    const known = this.#aggregates.get(aggregate.name)
    if (known !== undefined && known !== aggregate)
      throw new TuttiError(
        'TUTTI_AGGREGATE_INVALID',
        `Two aggregates are called ${JSON.stringify(aggregate.name)}; give one of them another name.`,
      )
    this.#aggregates.set(aggregate.name, aggregate)
  }

  declare(definition: RequestDefinition): void {
    this.#busOf(definition).declare(definition)
  }

  handle(definition: RequestDefinition, options: HandleOptions, handler: (ctx: never) => unknown): void {
    this.#busOf(definition).handle(definition, options, handler)
  }

  aggregate(name: string): AggregateRules<unknown> | undefined {
    return this.#aggregates.get(name)
  }

  /** A command that a function handles. */
  definition(name: string): RequestDefinition | undefined {
    return this.#commands.definition(name)
  }

  get aggregates(): readonly AggregateRules<unknown>[] {
    return [...this.#aggregates.values()]
  }

  /** Commands and queries that functions handle. */
  get definitions(): readonly RequestDefinition[] {
    return [...this.#commands.definitions, ...this.#queries.definitions]
  }

  /** Throws where a declared command or query has no handler. */
  check(): void {
    this.#commands.check()
    this.#queries.check()
  }

  /** Makes aggregates usable, on a storage that is open. */
  async start(): Promise<void> {
    if (!this.hasAggregates) return
    const { stores, readModels, log, clock, tracer } = this.#parts
    const append = await readModels.openInline()
    this.#repository = await openRepository(stores.write, {
      logger: log,
      clock: clock(),
      tracer: tracer('tutti.events'),
      ...(append && { append }),
    })
  }

  /** Waits for what goes on in the background. */
  async stop(): Promise<void> {
    await this.#repository?.close()
  }

  #busOf(definition: RequestDefinition): Bus {
    return definition.kind === 'command' ? this.#commands : this.#queries
  }

  async #send<Result>(command: Sendable<Result>, defaults: SendDefaults): Promise<Result> {
    // `Result` is what the command's own type says that it gives.
    if (isAggregateCommand(command))
      return (await this.#measures.measure('command', command.type, () => this.#execute(command, defaults))) as Result
    if (isRequestMessage(command)) {
      const dispatched = (): Promise<unknown> => this.#commands.dispatch(command, this.#busParts('write'))
      return (await this.#measures.measure('command', command.definition.name, dispatched)) as Result
    }
    throw new TuttiError(
      'TUTTI_HANDLER_MISSING',
      'send received something that is no command; wanted Order.commands.place(…) or a command definition called with its input.',
    )
  }

  async #ask<Result>(query: object): Promise<Result> {
    if (isRequestMessage(query)) {
      const dispatched = (): Promise<unknown> => this.#queries.dispatch(query, this.#busParts('read'))
      return (await this.#measures.measure('query', query.definition.name, dispatched)) as Result
    }
    throw new TuttiError(
      'TUTTI_HANDLER_MISSING',
      'ask received something that is no query; wanted a query definition called with its input.',
    )
  }

  async #execute(command: AggregateCommand, { key, expected }: SendDefaults): Promise<unknown> {
    this.#assertUsed(command.aggregate)
    return this.#running(command.aggregate.name).execute({
      ...command,
      key: command.key ?? key,
      expected: command.expected === 'any' ? (expected ?? 'any') : command.expected,
    })
  }

  async #inspect<State>(
    aggregate: Loadable<State>,
    id: string,
    options?: LoadOptions,
  ): Promise<{ readonly state: State; readonly version: number } | undefined> {
    const known = this.#assertUsed(aggregate)
    // What was declared under this name is the same aggregate, so its state is of the type that the caller sees.
    return (await this.#running(aggregate.name).inspect(known, id, options)) as
      | { readonly state: State; readonly version: number }
      | undefined
  }

  /** Only commands of aggregates append events that read models can be behind. */
  async #settled(command: object, position: number, ms: number): Promise<boolean> {
    if (!isAggregateCommand(command)) return true
    // Nothing can follow what has not been committed.
    if (this.#parts.stores.opened?.running !== undefined) return false
    return this.#parts.readModels.settled(command.aggregate.name, { position, stream: command.stream, ms })
  }

  #assertUsed(aggregate: Loadable<unknown>): AggregateRules<unknown> {
    const known = this.#aggregates.get(aggregate.name)
    if (known !== undefined && known === aggregate) return known
    throw new TuttiError(
      'TUTTI_HANDLER_MISSING',
      `The aggregate ${JSON.stringify(aggregate.name)} is not part of the application; add it with app.use(…).`,
    )
  }

  #running(name: string): Repository {
    if (this.#repository !== undefined) return this.#repository
    throw new TuttiError(
      'TUTTI_APP_NOT_STARTED',
      `The aggregate ${JSON.stringify(name)} was used before the application had started; call app.listen() or app.start() first.`,
    )
  }

  #busParts(side: 'write' | 'read'): BusParts {
    const { log, clock, withDependencies, stores } = this.#parts
    return { log, clock: clock(), tracer: this.#tracer, withDependencies, verbs: this.verbs, storage: () => stores[side] }
  }
}

/** The state of an aggregate. */
type StateIn<A> = A extends Loadable<infer State> ? State : never

/** Whether something given to `app.use` is an aggregate. */
export function isAggregate(item: unknown): item is AggregateRules<unknown> {
  return typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'aggregate'
}
