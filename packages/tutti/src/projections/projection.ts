import type { Viewable } from '../message/index.ts'
import { checkHandlers, type EventHandlers } from './event-handlers.ts'
import type { HandlersFor, ReadableSource } from './event-types.ts'
import type { BuildContext, ProjectionContext } from './handler-context.ts'
import { checkName, resolveHandling, type Handling, type HandlingOptions, type PoisonPolicy } from './policies.ts'
import type { DocumentView } from './views.ts'

/** How a read model in the storage is kept. */
export interface ProjectionOptions<S extends ReadableSource> extends HandlingOptions {
  /** Whose events it is made of, such as aggregates. */
  readonly from: readonly S[]
  /** To be raised when the handlers or the shape change: the new version is built beside the old one. @default 1 */
  readonly version?: number
  /** `inline`: in the transaction that appends the events. `async`: soon after it, with a checkpoint. @default 'async' */
  readonly mode?: 'async' | 'inline'
  /** @default 'park' */
  readonly poison?: PoisonPolicy
  /**
   * Done once before a version is built, in one transaction: creates its tables, named by `table`. MySQL commits each of them by itself:
   * write `create table if not exists` there, because it is done again where the process died in between.
   */
  readonly setup?: (ctx: BuildContext) => unknown
  /** Done when a version is pruned: drops its tables. */
  readonly teardown?: (ctx: BuildContext) => unknown
}

/** A read model in the storage. */
export interface Projection extends EventHandlers, Viewable<DocumentView> {
  readonly kind: 'projection'
  readonly name: string
  readonly version: number
  readonly mode: 'async' | 'inline'
  readonly handling: Handling
  /** How tables of a version come and go. */
  readonly tables: Pick<ProjectionOptions<never>, 'setup' | 'teardown'>
}

/**
 * Defines a read model that is kept up to date from events: `projection('order-list', { from: [Order] }, { 'order.placed': (event, ctx) => … })`.
 * Events without a handler are skipped.
 */
export function projection<const S extends ReadableSource>(
  name: string,
  options: ProjectionOptions<S>,
  handlers: HandlersFor<S, ProjectionContext, unknown>,
): Projection {
  const { from, version = 1, mode = 'async', poison = 'park' } = options
  checkName('projection', name, version)
  const handling = resolveHandling(`projection ${name}`, { ...options, poison })
  return { kind: 'projection', name, version, mode, handling, tables: options, ...checkHandlers(`projection ${name}`, from, handlers) }
}
