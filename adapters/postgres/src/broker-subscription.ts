import type { BrokerSubscription, Delivery, Settlement } from 'tutti/messaging'
import { Place } from './broker-place.ts'
import type {
  BrokerStatements,
  Changes,
  Claimed,
  LaneClaim,
  LaneSettlement,
  LoneSettlement,
  PostgresDelivery,
} from './broker-statements.ts'

/** What a subscription needs of its broker. */
export interface SubscriptionParts {
  readonly statements: BrokerStatements
  readonly group: number
  /** In milliseconds. */
  readonly lease: number
  /** How long is waited for a sign of new messages before it is looked for them, in milliseconds. */
  readonly poll: number
  /** Settles, together with what others settle at the same moment. */
  settle(changes: Changes): Promise<unknown>
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
  /** What came straight from the queue. */
  readonly #lone = new Map<Delivery, PostgresDelivery>()
  readonly #place = new Place()
  /** The tokens of claims that were not answered: they may have taken place. */
  readonly #unanswered = new Set<string>()
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
    while (!signal.aborted && !this.#closed) {
      this.#woken = false
      const { deliveries, nextIn } = await this.#claim(limit)
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
    const lone: LoneSettlement[] = []
    for (const settlement of settlements) {
      const { delivery } = settlement
      const single = this.#lone.get(delivery)
      if (single !== undefined) {
        lone.push(loneChangeOf(single, settlement))
        continue
      }
      const hold = this.#holds.get(delivery)
      if (hold === undefined) continue
      hold.settled.set(delivery, settlement)
      holds.add(hold)
    }
    const changes = [...holds].map((hold) => ({ hold, change: changeOf(hold) }))
    const lanes = changes.map(({ change }) => change).filter((change) => change !== undefined)
    if (lanes.length + lone.length > 0) await this.#parts.settle({ lanes, lone })
    // Not before: what could not be settled now is settled again.
    for (const { delivery } of settlements) this.#lone.delete(delivery)
    for (const { hold, change } of changes) if (change !== undefined && change.after >= 0) this.#letGo(hold)
    const delays = [...lanes, ...lone].map(({ after }) => after).filter((after) => after > 0)
    if (delays.length > 0) this.#wakeIn(Math.min(...delays))
  }

  async extend(deliveries: readonly Delivery[]): Promise<readonly Delivery[]> {
    const holds = new Set<Hold>()
    const lone: PostgresDelivery[] = []
    const lost: Delivery[] = []
    for (const delivery of deliveries) {
      const single = this.#lone.get(delivery)
      const hold = this.#holds.get(delivery)
      if (single !== undefined) lone.push(single)
      else if (hold !== undefined) holds.add(hold)
      else lost.push(delivery)
    }
    const { statements, lease } = this.#parts
    const [lanes, claims] = await Promise.all([
      statements.extendLanes(
        [...holds].map(({ claim }) => claim),
        lease,
      ),
      statements.extendClaims([...new Set(lone.map(({ token }) => token))], lease),
    ])
    for (const hold of holds) {
      if (lanes.has(hold.claim.lane)) continue
      lost.push(...hold.deliveries.filter((delivery) => !hold.settled.has(delivery)))
      this.#letGo(hold)
    }
    // What was settled meanwhile is not lost.
    const gone = lone.filter((delivery) => !claims.has(delivery.token) && this.#lone.delete(delivery))
    return [...lost, ...gone]
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
    return this.settle([...this.#holds.keys(), ...this.#lone.keys()].map((delivery) => ({ delivery, outcome: 'requeue', delay: 0 })))
  }

  async #claim(limit: number): Promise<Claimed> {
    const { statements, group, lease } = this.#parts
    // Nobody would have for the whole lease what an unanswered claim has taken.
    for (const token of this.#unanswered) {
      await statements.unclaim(group, token)
      this.#unanswered.delete(token)
    }
    const token = newToken()
    try {
      const claimed = await statements.claim({ group, token, lease, limit, from: this.#place.from })
      this.#place.note(claimed.upTo, claimed.deliveries.length >= limit)
      return claimed
    } catch (error) {
      this.#unanswered.add(token)
      throw error
    }
  }

  #hold(deliveries: readonly PostgresDelivery[]): void {
    const lanes = new Map<string, PostgresDelivery[]>()
    for (const delivery of deliveries) {
      const { lane } = delivery
      if (lane === undefined) this.#lone.set(delivery, delivery)
      else if (lanes.get(lane)?.push(delivery) === undefined) lanes.set(lane, [delivery])
    }
    for (const [lane, together] of lanes) {
      const hold: Hold = { claim: { lane, token: together[0]?.token ?? '' }, deliveries: together, settled: new Map() }
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

/** Tells a claim from all others: 63 bits by chance. */
function newToken(): string {
  const [bits = 0n] = crypto.getRandomValues(new BigUint64Array(1))
  return String(bits >> 1n)
}

/** What becomes of a message that came straight from the queue. */
function loneChangeOf({ token, number }: PostgresDelivery, settlement: Settlement): LoneSettlement {
  if (settlement.outcome === 'done') return { token, number, after: -1, failed: false }
  return { token, number, after: settlement.delay, failed: settlement.outcome === 'retry' }
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
