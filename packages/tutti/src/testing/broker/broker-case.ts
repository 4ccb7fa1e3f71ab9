import type { Broker, BrokerCapabilities, BrokerSubscription, Delivery, OutgoingMessage, Settlement } from '../../messaging/index.ts'
import { createCheck, type Check } from '../conformance/check.ts'

/** One thing that every broker must do. Plain data: any test runner can run it. */
export interface BrokerCase {
  /** The behaviour and what is wanted, such as `keys: …`. */
  readonly name: string
  /** Rejects with an `AssertionError` where the broker does something else. It may open the same backend several times. */
  run(open: OpenBroker): Promise<void>
  /** Why the case does not apply to a backend; `undefined` where it does. @default it applies */
  readonly skip?: (capabilities: BrokerCapabilities) => string | undefined
}

/** Opens a broker; where the backend is shared each time another client of the same one. */
export type OpenBroker = () => Promise<Broker> | Broker

/** What the body of a case works with. */
export interface BrokerTools {
  readonly broker: Broker
  readonly check: Check
  /** A topic that no other case and no other run uses. */
  readonly topic: string
  /** Another client of the same backend, closed at the end; the same broker where it is not shared. */
  other(): Promise<Broker>
  /** Joins a group. What is lost goes to `lost`. */
  join(options?: JoinOptions): Promise<Consumer>
}

/** How a case joins a group. */
export interface JoinOptions {
  /** @default the case's broker */
  readonly on?: Broker
  /** @default 'g' */
  readonly group?: string
  /** In milliseconds. @default 60000 */
  readonly lease?: number
}

/** A subscription with what cases do with it. */
export interface Consumer {
  readonly subscription: BrokerSubscription
  readonly lost: readonly Delivery[]
  /** Receives until there are as many, and settles nothing. Fails where they do not come. */
  take(count: number): Promise<readonly Delivery[]>
  /** Receives until there are as many, settles them as done, and gives their bodies. */
  finish(count: number): Promise<readonly string[]>
  /** Resolves with what can be had within a moment. */
  rest(): Promise<readonly Delivery[]>
  settle(deliveries: readonly Delivery[], outcome?: Settlement['outcome'], delay?: number): Promise<void>
}

/** What a case does, with the reason for which a backend need not. */
export interface BrokerBody {
  readonly skip?: BrokerCase['skip']
  run(tools: BrokerTools): Promise<void>
}

/** How long a case waits for what has to come, and for what must not. */
const patience = 15_000
const moment = 300

/** Cases about one behaviour, by what they want. */
export function brokerCases(behaviour: string, bodies: Readonly<Record<string, BrokerBody['run'] | BrokerBody>>): readonly BrokerCase[] {
  return Object.entries(bodies).map(([want, body]) => {
    const { run, skip } = typeof body === 'function' ? { run: body, skip: undefined } : body
    return { name: `${behaviour}: ${want}`, run: (open) => runBody(run, open), ...(skip && { skip }) }
  })
}

/** Runs a case on a broker of its own, and resolves with the reason where the case does not apply to it. */
export async function runBrokerCase(one: BrokerCase, open: OpenBroker): Promise<string | undefined> {
  const probe = await open()
  await probe.close()
  const reason = one.skip?.(probe.capabilities)
  if (reason === undefined) await one.run(open)
  return reason
}

/** A message for a case. */
export function message(body: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { id: `id-${body}`, key: undefined, headers: {}, body, delay: 0, ...more }
}

/** Bodies as texts. */
export function bodies(deliveries: readonly Delivery[]): readonly string[] {
  return deliveries.map(({ body }) => (typeof body === 'string' ? body : new TextDecoder().decode(body)))
}

async function runBody(run: BrokerBody['run'], open: OpenBroker): Promise<void> {
  const check = createCheck()
  await using broker = await open()
  await broker.migrate?.()
  await using others = new AsyncDisposableStack()
  const topic = `case-${Math.random().toString(36).slice(2, 12).padEnd(10, '0')}`
  await run({
    broker,
    check,
    topic,
    other: async () => (broker.capabilities.shared ? others.use(await open()) : broker),
    join: async ({ on = broker, group = 'g', lease = 60_000 } = {}) => {
      const lost: Delivery[] = []
      const subscription = await on.subscribe(topic, { group, lease, onLost: (deliveries) => void lost.push(...deliveries) })
      return consumerOf(subscription, { lost, check })
    },
  })
}

function consumerOf(
  subscription: BrokerSubscription,
  { lost, check }: { readonly lost: readonly Delivery[]; readonly check: Check },
): Consumer {
  const settle: Consumer['settle'] = (deliveries, outcome = 'done', delay = 0) =>
    subscription.settle(deliveries.map((delivery) => (outcome === 'done' ? { delivery, outcome } : { delivery, outcome, delay })))
  const receive = async (count: number, time: number, each: (taken: readonly Delivery[]) => Promise<void>) => {
    const taken: Delivery[] = []
    const signal = AbortSignal.timeout(time)
    while (taken.length < count && !signal.aborted) {
      const received = await subscription.receive(Math.min(count - taken.length, 500), signal)
      taken.push(...received)
      await each(received)
    }
    return taken
  }
  const nothing = (): Promise<void> => Promise.resolve()
  return {
    subscription,
    lost,
    settle,
    async take(count) {
      const taken = await receive(count, patience, nothing)
      check.equal(taken.length, count, `${taken.length} messages came; wanted ${count}`)
      return taken
    },
    async finish(count) {
      const taken = await receive(count, patience, (received) => settle(received))
      check.equal(taken.length, count, `${taken.length} messages came; wanted ${count}`)
      return bodies(taken)
    },
    rest: () => receive(500, moment, nothing),
  }
}
