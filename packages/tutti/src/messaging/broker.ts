/** What a broker can do beyond the least that all can. The messenger makes up for what is missing. */
export interface BrokerCapabilities {
  /** Messages outlive the broker's process. */
  readonly durable: boolean
  /** Several processes can share it. */
  readonly shared: boolean
  /**
   * Messages of one key are handed to one consumer of a group at a time, in the order in which they were published. Otherwise the order
   * holds only among the messages that one process has at hand.
   */
  readonly keyOrder: boolean
  /** It holds messages back until their time has come. Otherwise delayed messages wait in the outbox. */
  readonly delays: boolean
  /**
   * It takes a message back for a while, counts the failures, and keeps the order of its key meanwhile. Otherwise the messenger holds
   * such messages in memory until their next attempt.
   */
  readonly retries: boolean
  /** What is neither settled nor extended within the lease is handed out again. Otherwise only when its consumer is gone. */
  readonly leases: boolean
  /** What is published before a topic has any group is kept for the first one. */
  readonly keepsForFirstGroup: boolean
  /** What the names of CloudEvents attributes begin with in headers. @default 'ce-' */
  readonly headerPrefix?: string
}

/** What a message consists of on its way: bytes, or text, which is UTF-8. */
export type MessageBody = string | Uint8Array

/** A message to be published. */
export interface OutgoingMessage {
  readonly id: string
  /** Messages of the same key are handled in the order in which they were published. */
  readonly key: string | undefined
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: MessageBody
  /** Milliseconds until anybody may see it; 0 for none. What is delayed has no place in the order of its key. */
  readonly delay: number
}

/** A message as it was handed out. Settled and extended with this very object. */
export interface Delivery {
  /** The id that the publisher gave, where the broker carries one. */
  readonly id: string | undefined
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: MessageBody
  /** In milliseconds since 1970, as far as the broker knows. */
  readonly publishedAt: number | undefined
  /** How often it was handed out since it was last settled, this time included, as far as the broker counts. */
  readonly deliveries: number
  /** How often it was settled as a failure; 0 where the broker does not count. */
  readonly failures: number
}

/** What becomes of a delivery. `retry` has failed and counts so; `requeue` comes again as if nothing had happened. */
export type Settlement =
  | { readonly delivery: Delivery; readonly outcome: 'done' }
  | { readonly delivery: Delivery; readonly outcome: 'retry' | 'requeue'; readonly delay: number }

/** How messages of a topic are read. */
export interface SubscribeOptions {
  /** Each group gets each message once; its consumers share them. */
  readonly group: string
  /** How long a delivery is this consumer's own unless it is extended, in milliseconds. */
  readonly lease: number
  /** Told of deliveries that are another consumer's now, such as when partitions move. */
  onLost(deliveries: readonly Delivery[]): void
}

/** One consumer of a group. */
export interface BrokerSubscription {
  /**
   * Waits for messages, and gives at most as many as asked for; none once the signal has fired. Calls do not overlap. Rejects while the
   * broker cannot be reached; the caller asks again.
   */
  receive(limit: number, signal: AbortSignal): Promise<readonly Delivery[]>
  /** What was settled is not handed out again once this has resolved. What is not this consumer's any more is passed over. */
  settle(settlements: readonly Settlement[]): Promise<void>
  /** Prolongs leases; resolves with the deliveries that are not this consumer's any more. Only where `capabilities.leases`. */
  extend?(deliveries: readonly Delivery[]): Promise<readonly Delivery[]>
  /** Gives back what is not settled, for others to have at once, and ends a `receive` that waits. Idempotent. */
  close(): Promise<void>
}

/** What a group has not handled yet. */
export interface BrokerLag {
  readonly messages: number
  /** When the oldest of them was published, in milliseconds since 1970, as far as the broker knows. */
  readonly oldest: number | undefined
}

/**
 * The backend that carries messages. It moves bytes and headers, hands each message to one consumer of each group, and takes it back
 * unless it is settled: at least once. Everything else is done above it, once for all brokers: encoding and validation, concurrency and the
 * order of keys within a process, retries with backoff, dead letters, inbox and outbox. A broker is a small adapter therefore:
 *
 * - **Kafka.** A topic is a topic, a group a consumer group, the key the record's key. `receive` takes from the client's buffer, which
 *   pauses partitions when it is full and goes on polling, so that slow handlers never cost the membership. Deliveries remember partition
 *   and offset; `settle` notes which are done, and commits for each partition the offset below the first that is not. A partition that
 *   moves away is `onLost` after its offsets were committed. No delays, no retries: these wait in the outbox and in memory. `lag` is the
 *   end offset less the committed one.
 * - **RabbitMQ.** A topic is an exchange, a group a quorum queue bound to it; `receive` takes from what the prefetch lets in. `done` is
 *   `basic.ack`, `requeue` is `basic.nack`; a closed channel gives back the rest, so there are no leases. For the order of keys a group has
 *   several queues behind a consistent-hash exchange, each with a single active consumer; with one plain queue `keyOrder` is false.
 *   `deliveries` is `x-delivery-count` and one.
 * - **NATS JetStream.** A topic is a stream, a group a durable pull consumer; `receive` fetches. `done` is an ack, `retry` a nak with a
 *   delay, `extend` in-progress, the lease the consumer's ack wait, `deliveries` the count in the reply subject. `keyOrder` by subjects that
 *   are partitioned by key, each with one message pending; `retries` is false unless it is so.
 * - **SQS.** A topic is an SNS topic, a group a queue subscribed to it, the key the message group of a FIFO queue, which hands out nothing
 *   else of a message group while one of its messages is out. `done` deletes, `retry`, `requeue` and `extend` change the visibility time,
 *   `deliveries` is the receive count. It takes ten headers at most, so the adapter folds them into one.
 */
export interface Broker extends AsyncDisposable {
  /** Such as `postgres`. */
  readonly kind: string
  readonly capabilities: BrokerCapabilities
  /** Creates what the broker needs on its server, under a lock. Idempotent. @default nothing is needed */
  migrate?(): Promise<unknown>
  /** Resolves once the broker has the messages as safely as it can. All or none where it is one call on the broker, else in order. */
  publish(topic: string, messages: readonly OutgoingMessage[]): Promise<void>
  /** Joins a group. The group exists once this has resolved, and gets all that is published from then on, consumers or not. */
  subscribe(topic: string, options: SubscribeOptions): Promise<BrokerSubscription>
  lag(topic: string, group: string): Promise<BrokerLag>
  /** Rejects where the broker does not answer. */
  ping(): Promise<void>
  /** Closes subscriptions and connections. Idempotent. */
  close(): Promise<void>
}
