import type { Duration } from '../kernel/index.ts'
import type { MessageOptions, RecordedEvent } from '../message/index.ts'
import type { Transaction } from '../storage/index.ts'
import type { BrokerLag } from './broker.ts'
import type { ConsumeHandler } from './consume-context.ts'
import type { ConsumeOptions } from './consume-options.ts'
import type { ConsumerName, DeadMessage } from './dead-letters.ts'
import type { PublishOptions } from './publisher.ts'
import type { Topic, TopicData, TopicInput } from './topic.ts'

/** How the consumers of a group are. */
export interface ConsumerStatus extends ConsumerName {
  /** Whether all processes have stopped to handle its messages. */
  readonly paused: boolean
  /** How many messages this process has at hand, and how many of them are being handled. */
  readonly held: number
  readonly running: number
  /** What the group has not handled yet, in all processes; `undefined` where the broker does not answer. */
  readonly lag: BrokerLag | undefined
  /** Why nothing can be received; `undefined` while all is well. */
  readonly trouble: string | undefined
}

/** What an event becomes on its way to a topic; `undefined` is not published. */
export type RelayMapping<E, T> = (event: E) => (MessageOptions & { readonly data: TopicInput<T> }) | undefined

/** Publishes and consumes the messages of an application. */
export interface Messenger extends AsyncDisposable {
  /**
   * Publishes a message, and resolves with its id once the broker has it; within a transaction once it is in the outbox, from where it goes
   * to the broker after the commit. Throws `TUTTI_MESSAGE_INVALID` for data that does not fit the topic.
   */
  publish<T extends Topic>(topic: T, data: TopicInput<T>, options?: PublishOptions): Promise<string>
  /** Publishes several messages in one go, in their order. */
  publishAll<T extends Topic>(
    topic: T,
    items: readonly (MessageOptions & { readonly data: TopicInput<T> })[],
    options?: { readonly tx?: Transaction },
  ): Promise<readonly string[]>
  /** The handler of a subscription that publishes events: the log itself is the outbox then. A message has the id of its event. */
  relay<T extends Topic, E extends RecordedEvent>(topic: T, map: RelayMapping<E, T>): (event: E) => Promise<void>
  /** Declares the handler of a topic for a group. Before `start`. */
  consume<T extends Topic>(topic: T, options: ConsumeOptions, handler: ConsumeHandler<TopicData<T>>): ConsumerName
  /** Joins all groups and begins to work. Rejects where the broker cannot be reached. */
  start(): Promise<void>
  /** Ends after what is being handled, for at most as long as that, and gives back the rest. Idempotent. @default '10s' */
  stop(limit?: Duration): Promise<void>
  /** All processes stop to handle messages of the group, until `resume`. */
  pause(consumer: ConsumerName): Promise<void>
  resume(consumer: ConsumerName): Promise<void>
  /** How the consumers of this process are. */
  status(): Promise<readonly ConsumerStatus[]>
  /** Messages that were set aside, oldest first. @default those of all consumers */
  deadLetters(consumer?: ConsumerName): Promise<readonly DeadMessage[]>
  /** Handles dead letters again: soon, in some process of the group. Resolves with how many. @default all of the consumer */
  replay(consumer: ConsumerName, ids?: readonly string[]): Promise<number>
  /**
   * Handles a dead letter again with other data, and everything else as it was. Resolves with whether it was there. Throws
   * `TUTTI_MESSAGE_INVALID` for data that does not fit the topic.
   */
  replayWith(consumer: ConsumerName, id: string, data: unknown): Promise<boolean>
  /** Forgets dead letters. Resolves with how many. @default all of the consumer */
  discard(consumer: ConsumerName, ids?: readonly string[]): Promise<number>
  /** Forgets dead letters that were set aside longer ago. Resolves with how many. @default those of all consumers */
  purge(olderThan: Duration, consumer?: ConsumerName): Promise<number>
}
