import { OptionError, shown } from '../kernel/index.ts'
import type { ReadableEvent } from '../message/index.ts'
import type { EventHandlers } from './event-handlers.ts'
import { definitionsOf, type EventFrom, type ReadableSource } from './event-types.ts'
import type { SubscriptionContext } from './handler-context.ts'
import { checkName, resolveHandling, type Handling, type HandlingOptions, type PoisonPolicy } from './policies.ts'

/** How a subscription reads. */
export interface SubscriptionOptions<S extends ReadableSource | ReadableEvent> extends HandlingOptions {
  /** Which events it is about: event types such as `Order.events.placed`, or all those of sources. */
  readonly from: readonly S[]
  /** Where it begins when it is started for the first time; later versions go on where the one before stood. @default 'now' */
  readonly start?: 'now' | 'beginning'
  /** @default 1 */
  readonly version?: number
  /** @default 'skip' */
  readonly poison?: PoisonPolicy
}

/** A named, durable reader of events that runs a side effect. */
export interface Subscription extends EventHandlers {
  readonly kind: 'subscription'
  readonly name: string
  readonly version: number
  readonly start: 'now' | 'beginning'
  readonly handling: Handling
}

/**
 * Defines a side effect of events. The handler is called at least once for each, with the same event id each time, and in order within a
 * stream.
 */
export function subscription<const S extends ReadableSource | ReadableEvent>(
  name: string,
  options: SubscriptionOptions<S>,
  handler: (event: EventFrom<S>, ctx: SubscriptionContext) => unknown,
): Subscription {
  const { from, version = 1, start = 'now', poison = 'skip' } = options
  checkName('subscription', name, version)
  if (start !== 'now' && start !== 'beginning')
    throw new OptionError(`subscription ${name} received start ${shown(start)}; wanted "now" or "beginning".`)
  const handling = resolveHandling(`subscription ${name}`, { ...options, poison })
  const definitions = definitionsOf(from)
  const handlers = new Map([...definitions.keys()].map((type) => [type, handler]))
  return { kind: 'subscription', name, version, start, handling, handlers, definitions }
}
