import type { MessageNeeds } from '../cqrs/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import {
  subscription,
  type ReadableEvent,
  type ReadableSource,
  type Subscription,
  type SubscriptionContext,
  type SubscriptionOptions,
} from '../projections/index.ts'
import { withDeps, Work, type WorkContext, type WorkParts } from './work-context.ts'

/** How `app.on` reads. */
export interface OnOptions<N extends MessageNeeds = MessageNeeds> extends Omit<SubscriptionOptions<ReadableEvent>, 'from'> {
  /** Under which its checkpoint is kept: unique in the application, and not to be changed. */
  readonly name: string
  readonly deps?: N
}

/** What the handler of `app.on` gets beside the event. */
export interface EventHandlerContext<Deps = unknown> extends SubscriptionContext, WorkContext<Deps> {}

/** The handler of `app.on` for the application's own use: its types were checked where it was given. */
export type AnyEventHandler = (event: never, ctx: EventHandlerContext<never>) => unknown

/** Makes the subscription of `app.on`, whose handler can do what every handler can. */
export function eventHandler(
  from: readonly (ReadableSource | ReadableEvent)[],
  { options, handler, parts }: { readonly options: OnOptions; readonly handler: AnyEventHandler; readonly parts: WorkParts },
): Subscription {
  const { name, deps, ...settings } = options
  // The subscription reads events of `from` alone, and dependencies are resolved from what the handler declares: its types came from both.
  const call = handler as (event: RecordedEvent, ctx: EventHandlerContext) => unknown
  return subscription(name, { ...settings, from }, (event: RecordedEvent, ctx) =>
    withDeps(parts, deps, (values) => call(event, Object.assign(new Work(parts, `on:${name}:${event.id}`, values), ctx))),
  )
}
