import type { HandleOptions, MessageDeps, MessageHandler, MessageNeeds } from '../cqrs/index.ts'
import { RouteBuilder } from '../http/index.ts'
import { OptionError } from '../kernel/index.ts'
import type { RequestDefinition, Verbs } from '../message/index.ts'
import type { Messenger, Topic, TopicData } from '../messaging/index.ts'
import type { EventFrom, Projector, ReadableEvent, ReadableSource } from '../projections/index.ts'
import type { CronOptions, EveryOptions, Scheduler } from '../schedule/index.ts'
import type { Schema } from '../schema/index.ts'
import type { SqlDatabase, Storage } from '../storage/index.ts'
import type { Workflow, Workflows } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { EventHandlerContext, OnOptions } from './event-handler.ts'
import type { ScheduleArguments, ScheduleContext, ScheduleNeeds } from './schedules.ts'
import type { ConsumeHandlerContext, ConsumeOptions, RelayOptions } from './topics.ts'

type Steered<T> = Omit<T, 'start' | 'stop' | typeof Symbol.asyncDispose>
type NoNeeds = Readonly<Record<never, never>>

/** What applications declare and do beside HTTP: commands, queries, events, messages, schedules. */
export abstract class BackendBuilder extends RouteBuilder<''> {
  protected abstract readonly backend: Backend

  /** Throws `TUTTI_APP_STARTED` once it is too late to declare something. */
  protected abstract assertOpen(what: string): void

  /** Sets the one handler of a command or query. Without one the start fails, and so it does with two. */
  handle<I extends Schema, O extends Schema>(definition: RequestDefinition<I, O>, handler: MessageHandler<I, O, undefined>): this
  handle<I extends Schema, O extends Schema, const N extends MessageNeeds>(
    definition: RequestDefinition<I, O>,
    options: HandleOptions<N>,
    handler: MessageHandler<I, O, N>,
  ): this
  handle(definition: RequestDefinition, ...rest: readonly unknown[]): this {
    this.assertOpen(`handle(${definition.name})`)
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
    if (typeof handler !== 'function')
      throw new OptionError(`app.handle(${definition.name}) received ${String(handler)} as the handler; wanted a function.`)
    this.backend.messages.handle(definition, options as HandleOptions, handler as (ctx: never) => unknown)
    return this
  }

  /** Carries a command out: by its aggregate, or by its handler. */
  get send(): Verbs['send'] {
    return this.backend.messages.verbs.send
  }

  /** Answers a query by its handler. */
  get ask(): Verbs['ask'] {
    return this.backend.messages.verbs.ask
  }

  /** The state of an aggregate. Throws `TUTTI_AGGREGATE_NOT_FOUND` where it does not exist. */
  get load(): Verbs['load'] {
    return this.backend.messages.verbs.load
  }

  /** The state of an aggregate; `undefined` where it does not exist. */
  get find(): Verbs['find'] {
    return this.backend.messages.verbs.find
  }

  /**
   * Does something for each event of a type or of a source, such as an aggregate: at least once for each, in order within a stream, by one
   * process at a time. What the handler sends to aggregates takes effect once even where the event is handled again.
   */
  on<const S extends ReadableSource | ReadableEvent, const N extends MessageNeeds = NoNeeds>(
    from: S | readonly S[],
    options: OnOptions<N>,
    handler: (event: EventFrom<S>, ctx: EventHandlerContext<MessageDeps<N>>) => unknown,
  ): this {
    this.assertOpen(`on(${options.name})`)
    const sources: readonly (ReadableSource | ReadableEvent)[] = Array.isArray(from) ? from : [from]
    this.backend.on(sources, options, handler)
    return this
  }

  /** Waits until a read model has handled everything up to a position: read your own writes. Throws `TUTTI_TIMEOUT`. */
  get waitFor(): Verbs['waitFor'] {
    return this.backend.messages.verbs.waitFor
  }

  /** What a read model holds. */
  get view(): Verbs['view'] {
    return this.backend.messages.verbs.view
  }

  /** The user's own tables, beside the events. Throws `TUTTI_STORAGE_UNUSED` where the application has no storage. */
  get sql(): SqlDatabase {
    return this.backend.storage().sql
  }

  /** Commits what `work` did when it resolves, and rolls back when it throws: commands, `sql` and documents that are used meanwhile join. */
  get transaction(): Storage['transaction'] {
    return (work) => this.backend.storage().transaction(work)
  }

  /** Read models and subscriptions: their status, lag and dead letters, and how to pause, resume and rebuild them. */
  get projections(): Steered<Projector> {
    return this.backend.readModels.projector
  }

  /** Everything that was set aside because it failed again and again: events, messages and runs alike, to be looked at, done again or forgotten. */
  get deadLetters(): DeadLetters {
    return this.backend.deadLetters
  }

  /** The storage, once the application has started and if it uses one. */
  get storage(): Storage | undefined {
    return this.backend.stores.opened
  }

  /**
   * Handles the messages of a topic: to return is to have handled one, to throw to have it again, and in the end as a dead letter. Each
   * group gets each message; its processes share the work.
   */
  consume<T extends Topic, const N extends MessageNeeds = NoNeeds>(
    topic: T,
    options: ConsumeOptions<N>,
    handler: (ctx: ConsumeHandlerContext<TopicData<T>, MessageDeps<N>>) => unknown,
  ): this {
    this.assertOpen(`consume(${topic.name})`)
    this.backend.topics.consume(topic, options, handler)
    return this
  }

  /** Publishes events as messages, in order within a stream, at least once: the log of events is the outbox. */
  relay<const S extends ReadableSource | ReadableEvent, T extends Topic>(from: S | readonly S[], options: RelayOptions<S, T>): this {
    this.assertOpen(`relay(${options.to.name})`)
    const sources: readonly (ReadableSource | ReadableEvent)[] = Array.isArray(from) ? from : [from]
    this.backend.relay(sources, options)
    return this
  }

  /** Publishes a message to a topic; within a transaction it leaves with the commit. */
  get publish(): Verbs['publish'] {
    return this.backend.messages.verbs.publish
  }

  /** Consumers: their status, lag and dead letters, and how to pause and resume them. */
  get messages(): Promise<Steered<Messenger>> {
    return this.backend.topics.messenger()
  }

  /**
   * Does something at its times, by one of the processes that share the storage: `app.cron('nightly', '0 2 * * *', { timezone }, handler)`
   * or `app.cron('refresh', { every: '5m' }, handler)`.
   */
  cron(name: string, pattern: string, handler: (ctx: ScheduleContext<NoNeeds>) => unknown): this
  cron<const N extends MessageNeeds = NoNeeds>(
    name: string,
    ...rest: readonly [pattern: string, options: CronOptions & ScheduleNeeds<N>, handler: (ctx: ScheduleContext<MessageDeps<N>>) => unknown]
  ): this
  cron<const N extends MessageNeeds = NoNeeds>(
    name: string,
    options: EveryOptions & ScheduleNeeds<N>,
    handler: (ctx: ScheduleContext<MessageDeps<N>>) => unknown,
  ): this
  cron(name: string, ...rest: ScheduleArguments): this {
    this.assertOpen(`cron(${name})`)
    this.backend.schedules.add(name, rest)
    return this
  }

  /** Starts a run of a workflow, once for each id; within a transaction it is started with that, or not at all. */
  get run(): Verbs['run'] {
    return this.backend.messages.verbs.run
  }

  /** What holds on to a run of a workflow: to ask for its status and result, to signal and to cancel it. */
  get getRun(): Verbs['getRun'] {
    return this.backend.messages.verbs.getRun
  }

  /** The workflows that the application uses, in all their versions. */
  get workflows(): readonly Workflow[] {
    return this.backend.runs.workflows
  }

  /** The runs of workflows: to look at, signal, cancel and retry. */
  get runs(): Omit<Workflows, 'start' | 'stop' | 'run' | typeof Symbol.asyncDispose> {
    return this.backend.runs.engine
  }

  /** Sends a command at a time, or after a while, by whichever process is there then. */
  get later(): Verbs['later'] {
    return this.backend.messages.verbs.later
  }

  /** Schedules and jobs: their status and history, and how to run them now, pause, resume and cancel them. */
  get schedules(): Steered<Scheduler> {
    return this.backend.schedules.scheduler
  }
}
