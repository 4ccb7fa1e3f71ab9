import type { CommandResult } from '../message/index.ts'
import { OptionError, shown, systemClock } from '../kernel/index.ts'
import { ambientTracer, inSpan, payloadOf, silentLogger, type Tracer } from '../observe/index.ts'
import { ValidationError } from '../schema/index.ts'
import type { Storage } from '../storage/index.ts'
import type { AggregateRules } from './aggregate-rules.ts'
import { CommandHandler, type ValidCommand } from './command-handler.ts'
import type { AggregateCommand } from './command-message.ts'
import { AggregateNotFoundError } from './errors.ts'
import { freezeDeep, type HeldState } from './held-state.ts'
import type { LoadedState, LoadOptions, Repository, RepositoryOptions } from './repository.ts'
import { RepositoryMetrics } from './repository-metrics.ts'
import { Snapshots } from './snapshots.ts'
import { StateCache } from './state-cache.ts'
import { StreamLoader } from './stream-loader.ts'
import { Turns } from './turns.ts'

/** Runs aggregates on a storage. */
export function createRepository(storage: Storage, options: RepositoryOptions = {}): Repository {
  return new StorageRepository(storage, options)
}

class StorageRepository implements Repository {
  readonly #storage: Storage
  readonly #cache: StateCache | undefined
  readonly #snapshots: Snapshots
  readonly #metrics = new RepositoryMetrics()
  readonly #loader: StreamLoader
  readonly #handler: CommandHandler
  readonly #turns = new Turns()
  readonly #freeze: boolean
  readonly #tracer: Tracer

  constructor(storage: Storage, options: RepositoryOptions) {
    const { cache = {}, attempts = 10, logger = silentLogger, clock = systemClock } = options
    if (!Number.isSafeInteger(attempts) || attempts < 1)
      throw new OptionError(`A repository received ${shown(attempts)} attempts; wanted a whole number of 1 or more.`)
    this.#storage = storage
    this.#tracer = options.tracer ?? ambientTracer('tutti.events')
    this.#freeze = options.freeze ?? process.env['NODE_ENV'] !== 'production'
    this.#cache = cache === false ? undefined : new StateCache(cache)
    this.#snapshots = new Snapshots(storage, { logger, metrics: this.#metrics })
    this.#loader = new StreamLoader(storage, { snapshots: this.#snapshots, metrics: this.#metrics })
    this.#handler = new CommandHandler({
      storage,
      append: options.append ?? ((stream, events, settings) => storage.events.append(stream, events, settings)),
      attempts,
      clock,
      cache: this.#cache,
      freeze: this.#freeze,
      loader: this.#loader,
      metrics: this.#metrics,
      snapshots: this.#snapshots,
    })
  }

  async execute<Codes extends string>(command: AggregateCommand<string, Codes>): Promise<CommandResult<Codes>> {
    try {
      const result = await (this.#tracer.enabled ? this.#traced(command) : this.#execute(command))
      // The decision that made the code is the one whose codes the command carries.
      return result as CommandResult<Codes>
    } catch (error) {
      this.#metrics.handled(command.aggregate.name, command.command, 'failed')
      throw error
    }
  }

  async load<State>(aggregate: AggregateRules<State>, id: string, options: LoadOptions = {}): Promise<State> {
    const loaded = await this.inspect(aggregate, id, options)
    if (loaded === undefined) throw new AggregateNotFoundError(aggregate.name, id, when(options))
    return loaded.state
  }

  async find<State>(aggregate: AggregateRules<State>, id: string, options?: LoadOptions): Promise<State | undefined> {
    return (await this.inspect(aggregate, id, options))?.state
  }

  async inspect<State>(aggregate: AggregateRules<State>, id: string, options: LoadOptions = {}): Promise<LoadedState<State> | undefined> {
    const stream = aggregate.stream(id)
    const held = await (options.version === undefined && options.time === undefined
      ? this.#latest(aggregate, stream)
      : this.#past(aggregate, stream, options))
    if (held === undefined || held.version === 0) return undefined
    if (this.#freeze) freezeDeep(held.state)
    const { state, version, position } = held
    return { state, version, position }
  }

  async exists(aggregate: AggregateRules<unknown>, id: string): Promise<boolean> {
    const info = await this.#storage.events.info(aggregate.stream(id))
    return info !== undefined && info.version > 0 && !info.tombstoned
  }

  close(): Promise<void> {
    return this.#snapshots.drain()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #execute(command: AggregateCommand): Promise<CommandResult> {
    const { aggregate, stream } = command
    const checking = aggregate.validate(command.command, command.data)
    const checked = 'then' in checking ? await checking : checking
    if (!checked.ok) throw new ValidationError(checked.problems)
    const valid: ValidCommand = { command, data: checked.value }
    // Others on the same aggregate would only conflict. A transaction does not wait for them, for they may wait for it.
    if (this.#storage.running !== undefined) return this.#handler.handle(valid)
    return this.#turns.take(stream, () => this.#handler.handle(valid))
  }

  /** Executes so that the events carry the span. */
  #traced(command: AggregateCommand): Promise<CommandResult> {
    const { aggregate, type, stream } = command
    const attributes = {
      'tutti.aggregate': aggregate.name,
      'tutti.command': type,
      'tutti.stream': stream,
      ...(this.#tracer.payloads === true && { 'tutti.command.data': payloadOf(command.data) }),
    }
    return inSpan(this.#tracer, { name: `execute ${type}`, attributes }, async (span) => {
      const result = await this.#execute(command)
      if (result.ok) span.setAttribute('tutti.version', result.version)
      else span.setAttribute('tutti.rejection', result.code)
      return result
    })
  }

  async #latest<State>(aggregate: AggregateRules<State>, stream: string): Promise<HeldState<State> | undefined> {
    const cached = this.#cache?.get(aggregate, stream)
    const held = (cached && (await this.#loader.catchUp(cached))) ?? (await this.#loader.load(aggregate, stream))
    if (held.version === 0) return this.#explained(held)
    // What a transaction has read may never be committed.
    if (this.#storage.running === undefined) {
      if (this.#freeze) freezeDeep(held.state)
      this.#cache?.put(held)
    }
    return held
  }

  async #past<State>(
    aggregate: AggregateRules<State>,
    stream: string,
    { version, time }: LoadOptions,
  ): Promise<HeldState<State> | undefined> {
    if (version !== undefined && (!Number.isSafeInteger(version) || version < 1))
      throw new OptionError(`load received the version ${shown(version)}; wanted a whole number of 1 or more.`)
    const until = time === undefined ? undefined : Number(time)
    if (Number.isNaN(until)) throw new OptionError('load received an invalid time; wanted a date or milliseconds since 1970.')
    const bounds = { ...(version !== undefined && { version }), ...(until !== undefined && { time: until }) }
    const held = await this.#loader.load(aggregate, stream, bounds)
    if (held.version === 0) return this.#explained(held)
    return version !== undefined && time === undefined && held.version < version ? undefined : held
  }

  /** Nothing where there is nothing. Throws where there should be something. */
  async #explained<State>(empty: HeldState<State>): Promise<undefined> {
    const info = await this.#storage.events.info(empty.stream)
    // A tombstone hides that there ever was anything.
    if (info !== undefined && !info.tombstoned && info.first > 1) await this.#loader.recheck(empty)
    return undefined
  }
}

function when({ version, time }: LoadOptions): string {
  const at = version === undefined ? '' : ` at version ${version}`
  return time === undefined ? at : `${at} at ${new Date(time).toISOString()}`
}
