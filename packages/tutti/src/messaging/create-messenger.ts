import { layered, milliseconds, OptionError, shown, TuttiError, Wakeup, type Duration } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { Labels } from '../observe/index.ts'
import type { Storage, Transaction } from '../storage/index.ts'
import { Backlog } from './backlog.ts'
import type { Broker } from './broker.ts'
import { withData } from './cloud-event.ts'
import type { ConsumeHandler } from './consume-context.ts'
import { resolveConsuming, type ConsumeOptions } from './consume-options.ts'
import { readControls, updateControl } from './consumer-control.ts'
import { Consumer } from './consumer.ts'
import {
  changeLetters,
  findLetters,
  listLetters,
  replayStatus,
  toDeadMessage,
  type ConsumerName,
  type DeadMessage,
  type LetterValue,
} from './dead-letters.ts'
import type { Consumption } from './handle-message.ts'
import { forgetHandled } from './inbox.ts'
import type { ConsumerStatus, Messenger, RelayMapping } from './messenger-interface.ts'
import { resolveMessenger, type MessengerOptions, type MessengerSettings } from './messenger-options.ts'
import { OutboxRelay } from './outbox-relay.ts'
import { Outbox } from './outbox.ts'
import { Publisher, type MessageItem, type PublishOptions } from './publisher.ts'
import { replayLetters } from './replay-letters.ts'
import { checkTopicName, type Topic, type TopicData, type TopicInput } from './topic.ts'

/** How often notes of the inbox are forgotten, in milliseconds. */
const forgetEvery = 60_000

/** Creates a messenger on a broker. The broker and the storage stay open when it stops. */
export function createMessenger(broker: Broker, options: MessengerOptions = {}): Messenger {
  return new BrokerMessenger(broker, resolveMessenger(options))
}

/** A consumer with what it is working on beside its messages. */
interface Running {
  readonly consumption: Consumption
  readonly name: ConsumerName
  consumer: Consumer | undefined
  paused: boolean
  replays: number
  replaying: Promise<void> | undefined
  /** When dead letters that others have left are looked for next. */
  lookAt: number
}

class BrokerMessenger implements Messenger {
  readonly #broker: Broker
  readonly #settings: MessengerSettings
  readonly #publisher: Publisher
  readonly #relay: OutboxRelay | undefined
  readonly #consumers = new Map<string, Running>()
  readonly #wakeup: Wakeup
  readonly #ending = new AbortController()
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #loop: Promise<void> | undefined
  #gauge: Disposable | undefined
  #backlog: Disposable | undefined
  #forgottenAt = 0

  constructor(broker: Broker, settings: MessengerSettings) {
    const { storage, clock } = settings
    this.#broker = broker
    this.#settings = settings
    this.#wakeup = new Wakeup(clock)
    const relay = storage && new OutboxRelay(storage, broker, settings)
    const outbox = storage && new Outbox(storage, { clock, delays: broker.capabilities.delays, wake: () => relay?.wake() })
    this.#relay = relay
    this.#publisher = new Publisher(broker, settings, outbox)
  }

  async publish<T extends Topic>(topic: T, data: TopicInput<T>, { tx, ...options }: PublishOptions = {}): Promise<string> {
    const [id] = await this.#publisher.publish(topic, [{ ...options, data }], tx)
    return id as string
  }

  publishAll(topic: Topic, items: readonly MessageItem[], { tx }: { readonly tx?: Transaction } = {}): Promise<readonly string[]> {
    return this.#publisher.publish(topic, items, tx)
  }

  relay<T extends Topic, E extends RecordedEvent>(topic: T, map: RelayMapping<E, T>): (event: E) => Promise<void> {
    return async (event) => {
      const item = map(event)
      // Those of a stream stay in order, and an event that is relayed twice is one message.
      if (item !== undefined) await this.#publisher.publish(topic, [{ id: event.id, key: event.stream, ...item }], undefined)
    }
  }

  consume<T extends Topic>(topic: T, options: ConsumeOptions, handler: ConsumeHandler<TopicData<T>>): ConsumerName {
    const settings = this.#settings
    const { storage, meter } = settings
    const consuming = resolveConsuming(topic.name, options)
    const { group } = consuming
    const name: ConsumerName = { topic: topic.name, group }
    if (this.#starting !== undefined)
      throw new TuttiError('TUTTI_APP_STARTED', `consume ${topic.name} came after the messenger had started; declare consumers before.`)
    if (this.#consumers.has(nameOf(name)))
      throw new OptionError(`The topic ${topic.name} is consumed twice by the group ${group}; give one of them another group.`)
    if (storage === undefined)
      throw new OptionError(`consume ${topic.name} needs a storage for dead letters: give createMessenger the option storage.`)
    const labels = { topic: topic.name, group }
    const layers = [...settings.use, ...consuming.use]
    const consumption: Consumption = {
      topic,
      consuming,
      // The context carries what the topic's schema gives: this is where the handler's own types end.
      handler: layers.length === 0 ? handler : layered(layers, handler as ConsumeHandler<unknown>),
      storage,
      settings,
      handled: meter.counter('tutti.messages.handled', { description: 'Messages handled' }).with(labels),
      failed: meter.counter('tutti.messages.failed', { description: 'Attempts that failed' }).with(labels),
      dead: meter.counter('tutti.messages.dead', { description: 'Messages set aside as dead letters' }).with(labels),
      duration: meter.histogram('tutti.messages.duration', { description: 'How long handlers take', unit: 's' }).with(labels),
    }
    const running: Running = { consumption, name, consumer: undefined, paused: false, replays: 0, replaying: undefined, lookAt: 0 }
    this.#consumers.set(nameOf(name), running)
    return name
  }

  start(): Promise<void> {
    return (this.#starting ??= this.#start())
  }

  stop(limit: Duration = '10s'): Promise<void> {
    return (this.#stopping ??= this.#stop(milliseconds(limit)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async pause(consumer: ConsumerName): Promise<void> {
    await this.#control(consumer, (control) => (control.paused ? control : { ...control, paused: true }))
  }

  async resume(consumer: ConsumerName): Promise<void> {
    await this.#control(consumer, (control) => (control.paused ? { ...control, paused: false } : control))
  }

  status(): Promise<readonly ConsumerStatus[]> {
    return Promise.all(
      [...this.#consumers.values()].map(async ({ name, paused, consumer }) => ({
        ...name,
        paused,
        held: consumer?.held ?? 0,
        running: consumer?.running ?? 0,
        lag: await this.#broker.lag(name.topic, name.group).catch(() => undefined),
        trouble: consumer?.trouble,
      })),
    )
  }

  async deadLetters(consumer?: ConsumerName): Promise<readonly DeadMessage[]> {
    const found = await listLetters(this.#storage('deadLetters'), consumer && checkName(consumer))
    return found.map(toDeadMessage).toSorted((a, b) => a.time - b.time)
  }

  replay(consumer: ConsumerName, ids?: readonly string[]): Promise<number> {
    return this.#replay(consumer, ids, (value) => value)
  }

  async replayWith(consumer: ConsumerName, id: string, data: unknown): Promise<boolean> {
    await this.#consumers.get(nameOf(checkName(consumer)))?.consumption.topic.check(data)
    const text = JSON.stringify(data ?? null)
    return (await this.#replay(consumer, [id], (value) => ({ ...value, ...withData(value, text) }))) > 0
  }

  async #replay(consumer: ConsumerName, ids: readonly string[] | undefined, change: (value: LetterValue) => LetterValue): Promise<number> {
    const storage = this.#storage('replay')
    const found = await findLetters(storage, checkName(consumer), ids)
    const due = Math.floor(this.#settings.clock.now())
    const status = replayStatus(consumer)
    const count = await changeLetters(storage, found, ({ key, value }) => ({ key, value: change(value), status, due }))
    if (count > 0) await this.#control(consumer, (control) => ({ ...control, replays: control.replays + 1 }))
    return count
  }

  async discard(consumer: ConsumerName, ids?: readonly string[]): Promise<number> {
    const storage = this.#storage('discard')
    const found = await findLetters(storage, checkName(consumer), ids)
    return changeLetters(storage, found, ({ key }) => ({ key, delete: true }))
  }

  async purge(olderThan: Duration, consumer?: ConsumerName): Promise<number> {
    const storage = this.#storage('purge')
    const before = this.#settings.clock.now() - milliseconds(olderThan)
    const found = await listLetters(storage, consumer && checkName(consumer))
    return changeLetters(
      storage,
      found.filter(({ value, status }) => value.time < before && status === 'dead'),
      ({ key }) => ({ key, delete: true }),
    )
  }

  async #start(): Promise<void> {
    await this.#broker.migrate?.()
    const joined = [...this.#consumers.values()]
    // What holds is known before anything is handled.
    await this.#look(joined)
    try {
      for (const running of joined) running.consumer = await Consumer.join(this.#broker, running.consumption)
    } catch (error) {
      for (const { consumer } of joined) await consumer?.stop(0)
      throw error
    }
    for (const { consumer, paused } of joined) {
      if (paused) consumer?.pause()
      consumer?.start()
    }
    const observe = (): Iterable<{ readonly value: number; readonly labels: Labels }> =>
      joined.map(({ name: { topic, group }, consumer }) => ({ value: consumer?.held ?? 0, labels: { topic, group } }))
    this.#gauge = this.#settings.meter.gauge('tutti.messages.held', observe, { description: 'Messages at hand in this process' })
    const names = joined.map(({ name }) => name)
    this.#backlog = new Backlog(this.#broker, this.#settings, names)
    this.#relay?.start()
    if (this.#settings.storage !== undefined) this.#loop = this.#run(joined)
  }

  async #stop(limit: number): Promise<void> {
    await this.#starting?.catch(() => undefined)
    this.#gauge?.[Symbol.dispose]()
    this.#backlog?.[Symbol.dispose]()
    this.#ending.abort(new TuttiError('TUTTI_TIMEOUT', 'The process stops.'))
    this.#wakeup.wake()
    const consumers = [...this.#consumers.values()]
    await Promise.all(consumers.map(async ({ consumer }) => consumer?.stop(limit)))
    await this.#loop
    for (const { replaying } of consumers) await replaying
    await this.#relay?.stop()
  }

  /** Looks for what other processes have changed, and does what is to be done now and then. */
  async #run(consumers: readonly Running[]): Promise<void> {
    const { clock, interval, log } = this.#settings
    const { signal } = this.#ending
    while (!signal.aborted) {
      await this.#wakeup.rest(interval)
      if (signal.aborted) return
      try {
        await this.#look(consumers)
        if (clock.now() - this.#forgottenAt >= forgetEvery && consumers.some(({ consumption }) => consumption.consuming.inbox)) {
          this.#forgottenAt = clock.now()
          await forgetHandled(this.#storage('consume'), clock.now())
        }
      } catch (error) {
        log.warn('What holds for consumers cannot be read; it is tried again', { error })
      }
    }
  }

  async #look(consumers: readonly Running[]): Promise<void> {
    if (consumers.length === 0) return
    const controls = await readControls(
      this.#storage('consume'),
      consumers.map(({ name }) => name),
    )
    for (const [i, running] of consumers.entries()) {
      const { paused = false, replays = 0 } = controls[i] ?? {}
      if (paused !== running.paused) {
        running.paused = paused
        if (paused) running.consumer?.pause()
        else running.consumer?.resume()
      }
      this.#replayOn(running, replays)
    }
  }

  /** Handles dead letters again where that was asked for, or now and then in case the process that did so has died. */
  #replayOn(running: Running, replays: number): void {
    const { clock, lease, log } = this.#settings
    const now = clock.now()
    if (running.paused || running.replaying !== undefined || (replays === running.replays && now < running.lookAt)) return
    running.replays = replays
    running.lookAt = now + lease
    if (running.consumer === undefined) return
    running.replaying = replayLetters(running.consumption, this.#ending.signal)
      .catch((error: unknown) => log.warn('Dead letters cannot be handled again; it is tried again', { ...running.name, error }))
      .finally(() => (running.replaying = undefined))
  }

  async #control(consumer: ConsumerName, change: Parameters<typeof updateControl>[2]): Promise<void> {
    await updateControl(this.#storage('pause'), checkName(consumer), change)
    // Here it holds once this has resolved.
    const running = this.#consumers.get(nameOf(consumer))
    if (running !== undefined) await this.#look([running])
  }

  #storage(of: string): Storage {
    return this.#settings.storage ?? missingStorage(of)
  }
}

function missingStorage(of: string): never {
  throw new OptionError(`${of} needs the storage that holds dead letters: give createMessenger the option storage.`)
}

function nameOf({ topic, group }: ConsumerName): string {
  return `${topic}/${group}`
}

function checkName(name: ConsumerName): ConsumerName {
  if (typeof name !== 'object' || name === null) throw new OptionError(`Received the consumer ${shown(name)}; wanted { topic, group }.`)
  checkTopicName('topic', name.topic)
  checkTopicName('group', name.group)
  return name
}
