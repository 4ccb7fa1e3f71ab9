import { currentContext, milliseconds, newId, OptionError, shown } from '../kernel/index.ts'
import type { MessageOptions } from '../message/index.ts'
import type { Transaction } from '../storage/index.ts'
import type { Broker, OutgoingMessage } from './broker.ts'
import { isReservedHeader, writeMessage } from './message.ts'
import type { MessengerSettings } from './messenger-options.ts'
import type { Outbox } from './outbox.ts'
import type { Topic } from './topic.ts'

/** How messages are published. */
export interface PublishOptions extends MessageOptions {
  /**
   * Publishes once the transaction has committed, and not at all if it does not: by the outbox.
   * @default the one that is going on around the call, if any
   */
  readonly tx?: Transaction
}

/** One of several messages that are published together. */
export interface MessageItem extends MessageOptions {
  readonly data: unknown
}

/** Checks, encodes and publishes: on the broker at once, or by the outbox within a transaction. */
export class Publisher {
  readonly #broker: Broker
  readonly #settings: MessengerSettings
  readonly #outbox: Outbox | undefined

  constructor(broker: Broker, settings: MessengerSettings, outbox: Outbox | undefined) {
    this.#broker = broker
    this.#settings = settings
    this.#outbox = outbox
  }

  /** Resolves with the ids. */
  async publish(topic: Topic, items: readonly MessageItem[], within: Transaction | undefined): Promise<readonly string[]> {
    if (items.length === 0) return []
    const { storage, tracer, meter } = this.#settings
    using span = tracer.enabled ? this.#span(topic, items.length) : undefined
    const messages: OutgoingMessage[] = []
    for (const item of items) messages.push(await this.#write(topic, item, span?.context))
    const tx = within ?? storage?.running
    if (tx !== undefined) await this.#box(topic).put(topic.name, messages, tx)
    else await this.#send(topic, messages)
    meter.counter('tutti.messages.published', { description: 'Messages published' }).add(messages.length, { topic: topic.name })
    return messages.map(({ id }) => id)
  }

  async #send(topic: Topic, messages: readonly OutgoingMessage[]): Promise<void> {
    const now = this.#broker.capabilities.delays ? messages : messages.filter(({ delay }) => delay === 0)
    if (now.length > 0) await this.#broker.publish(topic.name, now)
    if (now.length < messages.length)
      await this.#box(topic).put(
        topic.name,
        messages.filter((message) => !now.includes(message)),
        undefined,
      )
  }

  #box(topic: Topic): Outbox {
    if (this.#outbox !== undefined) return this.#outbox
    throw new OptionError(
      `A message of ${topic.name} was to wait in the outbox, which needs a storage: give createMessenger the option storage.`,
    )
  }

  #span(topic: Topic, count: number) {
    const span = this.#settings.tracer.startSpan(`publish ${topic.name}`, {
      kind: 'producer',
      attributes: {
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic.name,
        'messaging.system': this.#broker.kind,
        ...(count > 1 && { 'messaging.batch.message_count': count }),
      },
    })
    return { context: span.context, [Symbol.dispose]: () => span.end() }
  }

  async #write(topic: Topic, item: MessageItem, trace: ReturnType<typeof currentTrace>): Promise<OutgoingMessage> {
    const { source, clock } = this.#settings
    const { id = newId(), key, subject, headers = {}, delay = 0 } = item
    const data: unknown = await topic.check(item.data)
    checkText('key', key, 500)
    checkText('id', id, 500)
    checkHeaders(headers)
    const context = currentContext()
    return writeMessage({
      topic,
      data,
      id,
      key,
      subject,
      headers,
      source,
      context,
      delay: milliseconds(delay),
      time: clock.now(),
      trace: trace ?? context?.trace,
      prefix: this.#broker.capabilities.headerPrefix,
    })
  }
}

function currentTrace() {
  return currentContext()?.trace
}

function checkText(name: string, value: string | undefined, most: number): void {
  if (value === undefined || (typeof value === 'string' && value !== '' && value.length <= most)) return
  throw new OptionError(`publish received the ${name} ${shown(value)}; wanted a text of 1 to ${most} characters.`)
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[a-z0-9-]{1,100}$/.test(name) || isReservedHeader(name))
      throw new OptionError(
        `publish received the header ${shown(name)}; wanted lower-case letters, digits and dashes, and neither content-type nor a name that begins with ce-.`,
      )
    if (typeof value !== 'string') throw new OptionError(`publish received the header ${name} with ${shown(value)}; wanted a text.`)
  }
}
