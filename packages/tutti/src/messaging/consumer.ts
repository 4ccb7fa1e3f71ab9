import { resolveRetry, retryDelay, TuttiError, Wakeup, type RetryPolicy, type Timer } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { Broker, BrokerCapabilities, BrokerSubscription, Delivery } from './broker.ts'
import { letterChange } from './dead-letters.ts'
import { MessagingError } from './errors.ts'
import { handleMessage, type Consumption, type Outcome } from './handle-message.ts'
import { HeldMessages, type Held } from './held-messages.ts'
import { Pace } from './pace.ts'
import { Settler } from './settler.ts'

const trouble = resolveRetry({ attempts: Number.POSITIVE_INFINITY, delay: 50, maxDelay: '5s' })

/** Consumes a topic for a group in this process: fetches, handles with concurrency, tries again, gives up, settles. */
export class Consumer {
  readonly #capabilities: BrokerCapabilities
  readonly #subscription: BrokerSubscription
  readonly #consumption: Consumption
  readonly #log: Logger
  readonly #held = new HeldMessages()
  readonly #settler: Settler
  readonly #pace: Pace
  readonly #wakeup: Wakeup
  #receiving = new AbortController()
  #loop: Promise<void> | undefined
  #leases: Timer | undefined
  #paused = false
  #stopping = false
  #closed = false
  /** Resolves when no handler runs; made anew whenever somebody waits for it. */
  #idle = Promise.withResolvers<void>()
  #trouble: string | undefined

  /** Joins the group, which exists from then on. */
  static async join(broker: Broker, consumption: Consumption): Promise<Consumer> {
    const { topic, consuming, settings } = consumption
    let consumer: Consumer | undefined
    const subscription = await broker.subscribe(topic.name, {
      group: consuming.group,
      lease: settings.lease,
      onLost: (deliveries) => consumer?.lose(deliveries),
    })
    return (consumer = new Consumer(broker, subscription, consumption))
  }

  private constructor(broker: Broker, subscription: BrokerSubscription, consumption: Consumption) {
    const { settings, topic, consuming } = consumption
    this.#capabilities = broker.capabilities
    this.#subscription = subscription
    this.#consumption = consumption
    this.#log = settings.log.child({ topic: topic.name, group: consuming.group })
    this.#wakeup = new Wakeup(settings.clock)
    this.#pace = new Pace(settings.clock, consuming)
    this.#settler = new Settler(subscription, { clock: settings.clock, log: this.#log }, (settled) => {
      for (const { delivery } of settled) this.#held.remove(delivery)
      this.#wakeup.wake()
    })
  }

  /** What keeps it from receiving; `undefined` while all is well. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** How many messages are at hand, those that are being handled included. */
  get held(): number {
    return this.#held.size
  }

  get running(): number {
    return this.#held.running
  }

  start(): void {
    this.#loop ??= this.#run()
    if (this.#capabilities.leases) this.#armLeases()
  }

  /** Nothing new is handled, and what waits here is given back, until `resume`. */
  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#receiving.abort()
    this.#giveBack(this.#held.takeIdle())
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#wakeup.wake()
  }

  /** Deliveries are another process's now. */
  lose(deliveries: readonly Delivery[]): void {
    if (deliveries.length === 0) return
    this.#log.warn('Messages are another process’s now, because their lease was over', { count: deliveries.length })
    const { topic } = this.#consumption
    this.#giveBack(
      this.#held.lose(
        deliveries,
        new MessagingError('TUTTI_LEASE_LOST', `The lease of a message of ${topic.name} was lost: another process has it now.`),
      ),
    )
    this.#pump()
  }

  /** Ends after what is being handled, and gives back the rest. What takes longer than `limit` milliseconds is given back as well. */
  async stop(limit: number): Promise<void> {
    this.#stopping = true
    this.#receiving.abort()
    this.#wakeup.wake()
    await this.#loop
    this.#giveBack(this.#held.takeIdle())
    const { clock } = this.#consumption.settings
    const timer = clock.setTimeout(() => {
      this.#held.abort(new TuttiError('TUTTI_TIMEOUT', 'The process stops, and a handler had not ended in time.'))
    }, limit)
    while (this.#held.running > 0) {
      this.#idle = Promise.withResolvers()
      await this.#idle.promise
    }
    timer.cancel()
    await this.#settler.end()
    this.#closed = true
    this.#leases?.cancel()
    await this.#subscription.close()
  }

  async #run(): Promise<void> {
    for (let attempt = 1; !this.#stopping;) {
      const room = this.#paused ? 0 : this.#pace.room(this.#held)
      if (room === 0) {
        await this.#wakeup.rest()
        continue
      }
      try {
        this.#receiving = new AbortController()
        this.#take(await this.#subscription.receive(room, this.#receiving.signal))
        attempt = 1
        this.#trouble = undefined
      } catch (error) {
        this.#trouble = error instanceof Error ? error.message : String(error)
        this.#log.warn('Messages cannot be received; it is tried again', { attempt, error })
        await this.#wakeup.rest(retryDelay(trouble, attempt++))
      }
    }
  }

  #take(deliveries: readonly Delivery[]): void {
    if (this.#stopping || this.#paused) {
      this.#giveBack(deliveries)
      return
    }
    for (const delivery of deliveries) this.#held.add(delivery)
    this.#pump()
  }

  /** Begins with as many as may run at the same time. */
  #pump(): void {
    while (this.#held.running < this.#consumption.consuming.concurrency) {
      const held = this.#held.start()
      if (held === undefined) break
      void this.#handle(held, held.abort.signal)
    }
    if (this.#pace.room(this.#held) > 0) this.#wakeup.wake()
  }

  async #handle(held: Held, signal: AbortSignal): Promise<void> {
    const { delivery } = held
    const attempt = delivery.failures + held.failures + 1
    const outcome = await this.#attempt(delivery, { attempt, signal })
    const isOurs = this.#held.stop(held)
    if (isOurs) await this.#conclude(held, attempt, signal.aborted ? { kind: 'requeue', delay: 0 } : outcome)
    this.#pace.handled()
    this.#pump()
    if (this.#held.running === 0) this.#idle.resolve()
  }

  async #attempt(delivery: Delivery, { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal }): Promise<Outcome> {
    const { maxDeliveries } = this.#consumption.consuming
    if (delivery.deliveries <= maxDeliveries) return handleMessage(this.#consumption, delivery, { attempt, signal })
    const error = new MessagingError(
      'TUTTI_MESSAGE_UNSETTLED',
      `The message was handed out ${delivery.deliveries} times, and each process ended before it was settled; wanted at most ${maxDeliveries}. Find out whether it ends them.`,
    )
    return { kind: 'dead', error }
  }

  /** Tells the broker what becomes of the message. */
  async #conclude(held: Held, attempt: number, outcome: Outcome): Promise<void> {
    const { delivery } = held
    const { retry } = this.#consumption.consuming
    if (outcome.kind === 'done') {
      this.#held.pass(held)
      this.#settler.add({ delivery, outcome: 'done' })
      return
    }
    if (outcome.kind === 'requeue') {
      this.#comeAgain(held, { outcome: 'requeue', delay: outcome.delay })
      return
    }
    const { error } = outcome
    const facts = { id: delivery.id, key: delivery.key, attempt, error }
    if (outcome.kind === 'failed' && attempt < retry.attempts && isWorthRetry(retry, error, attempt)) {
      this.#log.warn('A message could not be handled; it is tried again', facts)
      held.failures++
      this.#comeAgain(held, { outcome: 'retry', delay: retryDelay(retry, attempt) })
      return
    }
    this.#log.error('A message could not be handled: it is set aside as a dead letter', facts)
    const bury = (): Promise<void> => this.#bury(delivery, { error, attempts: attempt })
    try {
      // Once more, for it may be there without an answer: then it would stay there though the message comes again.
      await bury().catch(bury)
    } catch (reason) {
      this.#log.error('A dead letter could not be stored; the message is tried again', { ...facts, error: reason })
      this.#comeAgain(held, { outcome: 'requeue', delay: retry.maxDelay })
      return
    }
    this.#held.pass(held)
    this.#settler.add({ delivery, outcome: 'done' })
  }

  #comeAgain(held: Held, { outcome, delay }: { readonly outcome: 'retry' | 'requeue'; readonly delay: number }): void {
    const { delivery } = held
    if (this.#capabilities.retries || this.#stopping || this.#paused) {
      const behind = this.#held.passAll(held)
      this.#settler.add({ delivery, outcome, delay })
      this.#giveBack(behind)
      return
    }
    this.#held.rest(held)
    this.#consumption.settings.clock
      .setTimeout(() => {
        this.#held.wake(held)
        this.#pump()
      }, delay)
      .unref()
  }

  async #bury(delivery: Delivery, { error, attempts }: { readonly error: unknown; readonly attempts: number }): Promise<void> {
    const { storage, settings, topic, consuming } = this.#consumption
    const name = { topic: topic.name, group: consuming.group }
    await storage.state.write([letterChange(name, delivery, { error, attempts, time: Math.floor(settings.clock.now()) })])
    this.#consumption.dead.add(1)
  }

  #giveBack(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#settler.add({ delivery, outcome: 'requeue', delay: 0 })
  }

  #armLeases(): void {
    const { clock, lease } = this.#consumption.settings
    this.#leases = clock
      .setTimeout(() => {
        void this.#extend().then(() => {
          if (!this.#closed) this.#armLeases()
        })
      }, lease / 3)
      .unref()
  }

  async #extend(): Promise<void> {
    const { deliveries } = this.#held
    if (deliveries.length === 0) return
    try {
      this.lose((await this.#subscription.extend?.(deliveries)) ?? [])
    } catch (error) {
      this.#log.warn('The leases of messages could not be prolonged', { count: deliveries.length, error })
    }
  }
}

/** What decides about retries is the application's own, and may throw itself: then it has not said that it is worth another. */
function isWorthRetry({ retryIf }: RetryPolicy, error: unknown, attempt: number): boolean {
  try {
    return retryIf(error, attempt)
  } catch {
    return false
  }
}
