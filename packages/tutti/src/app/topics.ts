import type { MessageNeeds } from '../cqrs/index.ts'
import { layered, OptionError, TuttiError, type Clock } from '../kernel/index.ts'
import type { RecordedEvent, Verbs } from '../message/index.ts'
import {
  openMessenger,
  type Broker,
  type ConsumeContext,
  type ConsumeMiddleware,
  type ConsumerName,
  type ConsumeOptions as MessagingOptions,
  type Messenger,
  type MessengerOptions,
  type RelayMapping,
  type Topic,
} from '../messaging/index.ts'
import type { Logger, Tracer } from '../observe/index.ts'
import type { EventFrom, ReadableEvent, ReadableSource } from '../projections/index.ts'
import type { DeadLetterSource } from './dead-letters.ts'
import type { BrokerChoice } from './open-broker.ts'
import type { Stores } from './stores.ts'
import { withDeps, Work, type WorkContext, type WorkParts } from './work-context.ts'

/** How `app.consume` consumes. */
export interface ConsumeOptions<N extends MessageNeeds = MessageNeeds> extends Omit<MessagingOptions, 'use'> {
  readonly deps?: N
  /** Middleware of this consumer alone, inside that of the application. */
  readonly use?: readonly ConsumeMiddleware<ConsumeHandlerContext>[]
}

/** How messages of an application are consumed: the application itself says the rest. */
export interface MessagesOptions extends Pick<MessengerOptions, 'lease' | 'interval' | 'inboxRetention'> {
  /** Middleware around every handler of messages, the first one outermost; with an inbox it is part of the transaction. */
  readonly use?: readonly ConsumeMiddleware<ConsumeHandlerContext>[]
}

/** What the handler of `app.consume` gets; members may be destructured. */
export interface ConsumeHandlerContext<Data = unknown, Deps = unknown> extends ConsumeContext<Data>, WorkContext<Deps> {}

/** How events of sources become messages of a topic. */
export interface RelayOptions<S extends ReadableSource | ReadableEvent, T extends Topic> {
  readonly to: T
  /** Under which its checkpoint is kept. @default `relay-` and the name of the topic */
  readonly name?: string
  /** Where it begins when it is started for the first time. @default 'now' */
  readonly start?: 'now' | 'beginning'
  /** What an event becomes; `undefined` is not published. @default the event's data, with its stream as the key */
  readonly map?: RelayMapping<EventFrom<S>, T>
}

/** The handler of `app.consume` for the application's own use: its types were checked where it was given. */
export type AnyConsumeHandler = (ctx: ConsumeHandlerContext<never, never>) => unknown

/** What messages of an application are published and consumed with. */
export interface TopicsParts {
  readonly name: string
  readonly broker: BrokerChoice | undefined
  readonly options: MessagesOptions | undefined
  readonly stores: Stores
  readonly log: Logger
  readonly clock: () => Clock
  readonly tracer: (scope: string) => Tracer
  readonly work: WorkParts
}

interface Consumption {
  readonly topic: Topic
  readonly options: ConsumeOptions
  readonly handler: AnyConsumeHandler
}

/** The topics of one application: what is published to them and who consumes it. */
export class Topics {
  readonly verbs: Pick<Verbs, 'publish'>
  readonly #parts: TopicsParts
  readonly #topics = new Map<string, Topic>()
  readonly #consumptions: Consumption[] = []
  #opening: Promise<Messenger> | undefined
  #broker: Broker | undefined
  #phase: 'new' | 'open' | 'running' | 'stopped' = 'new'

  constructor(parts: TopicsParts) {
    this.#parts = parts
    this.verbs = {
      publish: async (topic, data, options) => {
        if (!isTopic(topic)) throw new OptionError('publish received something that is no topic; wanted what topic(name, schema) gave.')
        return (await this.messenger()).publish(topic, data, options)
      },
    }
  }

  /** Says that the application publishes to a topic: what its outbox holds is sent from the start. */
  declare(topic: Topic): void {
    const known = this.#topics.get(topic.name)
    if (known !== undefined && known !== topic)
      throw new OptionError(`Two topics are called ${JSON.stringify(topic.name)}; give one of them another name.`)
    this.#topics.set(topic.name, topic)
  }

  consume(topic: Topic, options: ConsumeOptions, handler: AnyConsumeHandler): void {
    this.declare(topic)
    this.#consumptions.push({ topic, options, handler })
  }

  /** The handler of a subscription that publishes what it reads. */
  relay<E extends RecordedEvent>(topic: Topic, map: RelayMapping<E, Topic>): (event: E) => Promise<void> {
    this.declare(topic)
    return async (event) => (await this.messenger()).relay(topic, map)(event)
  }

  get topics(): readonly Topic[] {
    return [...this.#topics.values()]
  }

  /** Which groups consume which topics. */
  get consumers(): readonly ConsumerName[] {
    return this.#consumptions.map(({ topic, options }) => ({ topic: topic.name, group: options.group }))
  }

  get isUsed(): boolean {
    return this.#topics.size > 0 || this.#parts.broker !== undefined
  }

  get hasConsumers(): boolean {
    return this.#consumptions.length > 0
  }

  /** What publishes and consumes, opened when it is first needed. Throws `TUTTI_APP_NOT_STARTED` before the start. */
  messenger(): Promise<Messenger> {
    if (this.#phase === 'new' || this.#phase === 'stopped')
      throw new TuttiError(
        'TUTTI_APP_NOT_STARTED',
        'A topic was used while the application was not running; call app.listen() or app.start() first.',
      )
    return (this.#opening ??= this.#open())
  }

  /** Rejects where the broker does not answer. */
  async ping(): Promise<void> {
    await this.messenger()
    await this.#broker?.ping()
  }

  /** Messages that were set aside because they could not be handled. */
  get letters(): DeadLetterSource {
    const consumer = (of: string): ConsumerName => {
      const [topic = '', group = ''] = of.split('/')
      return { topic, group }
    }
    return {
      kind: 'message',
      list: async () =>
        (await (await this.messenger()).deadLetters()).map((letter) => ({
          kind: 'message',
          of: `${letter.topic}/${letter.group}`,
          id: letter.id,
          subject: letter.messageId ?? letter.topic,
          time: new Date(letter.time),
          attempts: letter.attempts,
          error: letter.error,
          original: letter,
        })),
      replay: async (of, ids) => (await this.messenger()).replay(consumer(of), ids),
      discard: async (of, ids) => (await this.messenger()).discard(consumer(of), ids),
    }
  }

  /** Lets messages be published and dead letters be looked at; `start` has them be handled as well. */
  open(): void {
    this.#phase = 'open'
  }

  async start(): Promise<void> {
    this.#phase = 'running'
    if (this.isUsed) await this.messenger()
  }

  /** `limit` is how long what is being handled may go on, in milliseconds. */
  async stop(limit: number): Promise<void> {
    this.#phase = 'stopped'
    const messenger = await this.#opening?.catch(() => undefined)
    await messenger?.stop(limit)
    if (this.#broker !== this.#parts.broker) await this.#broker?.close()
  }

  async #open(): Promise<Messenger> {
    const { name, broker, stores, log, clock, work, options: all = {} } = this.#parts
    const { use: outer = [], ...settings } = all
    const { openBroker } = await import('./open-broker.ts')
    this.#broker = await openBroker(broker ?? process.env['TUTTI_BROKER'], { clock: clock() })
    const storage = stores.opened
    const tracer = this.#parts.tracer('tutti.messaging')
    const messenger = await openMessenger(this.#broker, {
      ...settings,
      source: name,
      clock: clock(),
      log,
      tracer,
      ...(storage && { storage }),
    })
    for (const { topic, options, handler } of this.#consumptions) {
      const { deps, use = [], ...consuming } = options
      // Data is of the topic, and dependencies are resolved from what the handler declares: its types came from both.
      const call = layered([...outer, ...use], handler as (ctx: ConsumeHandlerContext) => unknown)
      messenger.consume(topic, consuming, (ctx: ConsumeContext) =>
        withDeps(work, deps, (values) => call(Object.assign(new Work(work, `${options.group}:${ctx.message.id}`, values), ctx))),
      )
    }
    if (this.#phase === 'running') await messenger.start()
    return messenger
  }
}

/** Whether something given to `app.use` or `publish` is a topic. */
export function isTopic(item: unknown): item is Topic {
  return typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'topic' && 'schema' in item
}
