import { Sampled, type Labels } from '../observe/index.ts'
import type { StateStore } from '../storage/index.ts'
import type { Broker, BrokerLag } from './broker.ts'
import { letters, type ConsumerName } from './dead-letters.ts'
import type { MessengerSettings } from './messenger-options.ts'
import { boxed } from './outbox.ts'

interface Value {
  readonly value: number
  readonly labels: Labels
}

/** Shows as metrics what waits, in all processes: in the outbox, in the broker for each consumer, and as dead letters. */
export class Backlog implements Disposable {
  readonly #broker: Broker
  readonly #settings: MessengerSettings
  readonly #consumers: readonly ConsumerName[]
  readonly #shown = new DisposableStack()

  constructor(broker: Broker, settings: MessengerSettings, consumers: readonly ConsumerName[]) {
    this.#broker = broker
    this.#settings = settings
    this.#consumers = consumers
    if (consumers.length > 0) this.#showLags()
    if (settings.storage === undefined) return
    this.#showOutbox(settings.storage.state)
    if (consumers.length > 0) this.#showLetters(settings.storage.state)
  }

  [Symbol.dispose](): void {
    this.#shown.dispose()
  }

  #showOutbox(state: StateStore): void {
    const outbox = this.#sampled(async () => {
      const { ready = 0, delayed = 0 } = await state.count(`${boxed}/`)
      const now = Math.floor(this.#settings.clock.now())
      const [oldest] = await state.list(`${boxed}/`, { dueBefore: now, limit: 1 })
      return { ready, delayed, age: age(now, oldest?.due) }
    })
    const waiting = (): readonly Value[] => {
      const { ready, delayed } = outbox.read() ?? {}
      return [...valueOf(ready, { state: 'ready' }), ...valueOf(delayed, { state: 'delayed' })]
    }
    this.#gauge('tutti.outbox.messages', waiting, { description: 'Messages that wait in the outbox', unit: '{message}' })
    this.#gauge('tutti.outbox.age', () => valueOf(outbox.read()?.age, {}), {
      description: 'For how long the oldest message of the outbox could have been sent',
      unit: 's',
    })
  }

  #showLags(): void {
    const lags = this.#sampled(async () => {
      const found = await Promise.allSettled(this.#consumers.map(({ topic, group }) => this.#broker.lag(topic, group)))
      const now = this.#settings.clock.now()
      return found.map((lag) => (lag.status === 'fulfilled' ? { messages: lag.value.messages, age: ageOf(lag.value, now) } : undefined))
    })
    const each =
      (read: (lag: { readonly messages: number; readonly age: number | undefined }) => number | undefined) => (): readonly Value[] =>
        (lags.read() ?? []).flatMap((lag, i) => valueOf(lag && read(lag), { ...this.#consumers[i] }))
    this.#gauge(
      'tutti.messages.lag',
      each(({ messages }) => messages),
      { description: 'Messages that a group has not handled yet', unit: '{message}' },
    )
    this.#gauge(
      'tutti.messages.lag.age',
      each(({ age: seconds }) => seconds),
      { description: 'How long ago the oldest of them was published, where the broker knows', unit: 's' },
    )
  }

  #showLetters(state: StateStore): void {
    const counts = this.#sampled(() => Promise.all(this.#consumers.map(({ topic, group }) => state.count(`${letters}/${topic}/${group}/`))))
    const waiting = (): readonly Value[] => (counts.read() ?? []).flatMap(({ dead = 0 }, i) => valueOf(dead, { ...this.#consumers[i] }))
    this.#gauge('tutti.messages.dead_letters', waiting, { description: 'Messages that are set aside', unit: '{message}' })
  }

  #sampled<T>(look: () => Promise<T>): Sampled<T> {
    return this.#shown.use(new Sampled(look, this.#settings))
  }

  #gauge(name: string, observe: () => readonly Value[], about: { readonly description: string; readonly unit: string }): void {
    this.#shown.use(this.#settings.meter.gauge(name, observe, about))
  }
}

/** Nothing is shown of what is not known. */
function valueOf(value: number | undefined, labels: Labels): readonly Value[] {
  return value === undefined ? [] : [{ value, labels }]
}

/** In seconds. */
function age(now: number, since: number | undefined): number {
  return since === undefined ? 0 : Math.max(0, now - since) / 1000
}

/** In seconds; `undefined` where the broker does not know. */
function ageOf({ messages, oldest }: BrokerLag, now: number): number | undefined {
  return messages > 0 && oldest === undefined ? undefined : age(now, oldest)
}
