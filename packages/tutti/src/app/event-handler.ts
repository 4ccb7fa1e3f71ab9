import type { MessageNeeds } from '../cqrs/index.ts'
import type { ProtocolVerbs, RecordedEvent, Verbs } from '../message/index.ts'
import { subscription, type Subscription, type SubscriptionContext, type SubscriptionOptions } from '../projections/index.ts'
import type { ReadableEvent, ReadableSource } from '../projections/index.ts'
import type { SqlDatabase, Storage } from '../storage/index.ts'
import type { Transactor } from './transactional.ts'

/** How `app.on` reads. */
export interface OnOptions<N extends MessageNeeds = MessageNeeds> extends Omit<SubscriptionOptions<ReadableEvent>, 'from'> {
  /** Under which its checkpoint is kept: unique in the application, and not to be changed. */
  readonly name: string
  readonly deps?: N
}

/** What the handler of `app.on` gets beside the event. */
export interface EventHandlerContext<Deps = unknown> extends SubscriptionContext, Verbs, Transactor {
  /** The user's own tables, beside the events. */
  readonly sql: SqlDatabase
  readonly deps: Deps
}

/** What handlers of events are given by the application. */
export interface EventHandlerParts {
  readonly verbs: ProtocolVerbs
  storage(): Storage
  /** Resolves what a handler needs, and goes on with it. */
  withDependencies<T>(needs: MessageNeeds, use: (deps: unknown) => Promise<T>): Promise<T>
}

/** The handler of `app.on` for the application's own use: its types were checked where it was given. */
export type AnyEventHandler = (event: never, ctx: EventHandlerContext<never>) => unknown

/** Makes the subscription of `app.on`, whose handler can do what every handler can. */
export function eventHandler(
  from: readonly (ReadableSource | ReadableEvent)[],
  { options, handler, parts }: { readonly options: OnOptions; readonly handler: AnyEventHandler; readonly parts: EventHandlerParts },
): Subscription {
  const { name, deps, ...settings } = options
  // The subscription reads events of `from` alone, and dependencies are resolved from what the handler declares: its types came from both.
  const call = handler as (event: RecordedEvent, ctx: EventHandlerContext) => unknown
  return subscription(name, { ...settings, from }, (event: RecordedEvent, ctx) => {
    if (deps === undefined) return call(event, new EventHandling({ name, event, ctx, parts, deps: {} }))
    return parts.withDependencies(deps, async (values) => call(event, new EventHandling({ name, event, ctx, parts, deps: values })))
  })
}

interface HandlingParts {
  readonly name: string
  readonly event: RecordedEvent
  readonly ctx: SubscriptionContext
  readonly parts: EventHandlerParts
  readonly deps: unknown
}

/** One attempt to handle one event. */
class EventHandling implements EventHandlerContext {
  readonly attempt: SubscriptionContext['attempt']
  readonly log: SubscriptionContext['log']
  readonly signal: SubscriptionContext['signal']
  readonly deps: unknown
  readonly send: Verbs['send']
  readonly ask: Verbs['ask']
  readonly load: Verbs['load']
  readonly find: Verbs['find']
  readonly waitFor: Verbs['waitFor']
  readonly view: Verbs['view']
  readonly transaction: Storage['transaction']
  readonly #storage: () => Storage

  constructor({ name, event, ctx, parts, deps }: HandlingParts) {
    const { verbs, storage } = parts
    let sent = 0
    this.attempt = ctx.attempt
    this.log = ctx.log
    this.signal = ctx.signal
    this.deps = deps
    // The event may be handled again: what its handler sends to aggregates takes effect once all the same.
    this.send = (command) => verbs.sendWith(command, { key: `on:${name}:${event.id}:${sent++}` })
    this.ask = verbs.ask
    this.load = verbs.load
    this.find = verbs.find
    this.waitFor = verbs.waitFor
    this.view = verbs.view
    this.transaction = async (work) => {
      const before = sent
      try {
        return await storage().transaction(work)
      } catch (error) {
        // What was rolled back was never sent: when it is done again its commands have the same keys.
        sent = before
        throw error
      }
    }
    this.#storage = storage
  }

  get sql(): SqlDatabase {
    return this.#storage().sql
  }
}
