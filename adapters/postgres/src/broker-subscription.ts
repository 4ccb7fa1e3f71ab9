import type { BrokerSubscription, Delivery, Settlement } from 'tutti/messaging'
import type { BrokerStatements, LaneClaim, LaneSettlement, PostgresDelivery } from './broker-statements.ts'

/** What a subscription needs of its broker. */
export interface SubscriptionParts {
  readonly statements: BrokerStatements
  readonly group: number
  /** In milliseconds. */
  readonly lease: number
  /** How long is waited for a sign of new messages before it is looked for them, in milliseconds. */
  readonly poll: number
  /** Settles lanes, together with what others settle at the same moment. */
  settle(lanes: readonly LaneSettlement[]): Promise<void>
  onClose(): void
}

/** The messages of a lane that were handed out together, in their order. */
interface Hold {
  readonly claim: LaneClaim
  readonly deliveries: readonly PostgresDelivery[]
  readonly settled: Map<Delivery, Settlement>
}

/** A consumer of a group on PostgreSQL. */
export class PostgresSubscription implements BrokerSubscription {
  readonly #parts: SubscriptionParts
  readonly #holds = new Map<Delivery, Hold>()
  #closed = false
  /** Whether there may be something that was not looked for yet. */
  #woken = false
  #wake: (() => void) | undefined

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
  }

  /** There may be new messages. */
  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  async receive(limit: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { statements, group, lease } = this.#parts
    while (!signal.aborted && !this.#closed) {
      this.#woken = false
      const { deliveries, nextIn } = await statements.claim(group, limit, lease)
      if (deliveries.length > 0) {
        this.#hold(deliveries)
        if (!this.#closed) return deliveries
        await this.#giveBack()
      }
      await this.#rest(signal, nextIn)
    }
    return []
  }

  async settle(settlements: readonly Settlement[]): Promise<void> {
    const holds = new Set<Hold>()
    for (const settlement of settlements) {
      const hold = this.#holds.get(settlement.delivery)
      if (hold === undefined) continue
      hold.settled.set(settlement.delivery, settlement)
      holds.add(hold)
    }
    const changes = [...holds].map((hold) => ({ hold, change: changeOf(hold) })).filter(({ change }) => change !== undefined)
    await this.#parts.settle(changes.flatMap(({ change }) => change ?? []))
    // Not before: what could not be settled now is settled again.
    for (const { hold, change } of changes) if (change !== undefined && change.after >= 0) this.#letGo(hold)
    const delays = changes.map(({ change }) => change?.after ?? 0).filter((after) => after > 0)
    if (delays.length > 0) this.#wakeIn(Math.min(...delays))
  }

  async extend(deliveries: readonly Delivery[]): Promise<readonly Delivery[]> {
    const holds = new Set<Hold>()
    const lost: Delivery[] = []
    for (const delivery of deliveries) {
      const hold = this.#holds.get(delivery)
      if (hold === undefined) lost.push(delivery)
      else holds.add(hold)
    }
    if (holds.size === 0) return lost
    const kept = await this.#parts.statements.extend(
      [...holds].map(({ claim }) => claim),
      this.#parts.lease,
    )
    for (const hold of holds) {
      if (kept.has(hold.claim.lane)) continue
      lost.push(...hold.deliveries.filter((delivery) => !hold.settled.has(delivery)))
      this.#letGo(hold)
    }
    return lost
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#wake?.()
    this.#parts.onClose()
    await this.#giveBack()
  }

  /** What rests on the server is not announced when its time has come. */
  #wakeIn(delay: number): void {
    // Whoever looks before then is told when it will be.
    if (delay < this.#parts.poll) setTimeout(() => this.wake(), delay).unref()
  }

  #giveBack(): Promise<void> {
    return this.settle([...this.#holds.keys()].map((delivery) => ({ delivery, outcome: 'requeue', delay: 0 })))
  }

  #hold(deliveries: readonly PostgresDelivery[]): void {
    for (const [claim, together] of Map.groupBy(deliveries, ({ lane }) => lane)) {
      const hold: Hold = { claim, deliveries: together, settled: new Map() }
      for (const delivery of together) this.#holds.set(delivery, hold)
    }
  }

  #letGo({ deliveries }: Hold): void {
    for (const delivery of deliveries) this.#holds.delete(delivery)
  }

  async #rest(signal: AbortSignal, nextIn = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#woken || signal.aborted || this.#closed) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#wake = wake
    signal.addEventListener('abort', wake)
    const timer = setTimeout(wake, Math.max(1, Math.min(this.#parts.poll, nextIn)))
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
    }
  }
}

/** What becomes of a lane: what is done from the beginning on goes; once all is settled, the rest is handed out again. */
function changeOf({ claim, deliveries, settled }: Hold): LaneSettlement | undefined {
  let upTo = '0'
  let failed = false
  let after = 0
  let isPrefix = true
  for (const delivery of deliveries) {
    const settlement = settled.get(delivery)
    if (settlement === undefined) {
      return upTo === '0' ? undefined : { ...claim, upTo, after: -1, failed: false }
    }
    if (isPrefix && settlement.outcome === 'done') {
      upTo = delivery.number
      continue
    }
    if (isPrefix) failed = settlement.outcome === 'retry'
    isPrefix = false
    if (settlement.outcome !== 'done') after = Math.max(after, settlement.delay)
  }
  return { ...claim, upTo, after, failed }
}
