// What `tutti/projections` exports: what the main entry has of projections, and what runs them, which applications reach through `App`.
export { projection, type Projection, type ProjectionOptions } from './projection.ts'
export { memoryProjection, type MemoryProjection, type MemoryProjectionOptions } from './memory-projection.ts'
export { subscription, type Subscription, type SubscriptionOptions } from './subscription.ts'
export type { ReadableEvent } from '../message/index.ts'
export type { EventFrom, HandlersFor, ReadableSource } from './event-types.ts'
export type { HandlingOptions, PoisonPolicy } from './policies.ts'
export type {
  BuildContext,
  DocumentFields,
  MemoryContext,
  ProjectionContext,
  ProjectionDocuments,
  SubscriptionContext,
} from './handler-context.ts'
export { createProjector } from './projector.ts'
export type { WaitForOptions } from '../message/index.ts'
export type { Projector, ProjectorDefinition } from './projector-interface.ts'
export type { ProjectorOptions } from './projector-options.ts'
export type { DocumentView, MemoryView } from './views.ts'
export type { ProjectionState, ProjectionStatus, SegmentStatus } from './status.ts'
export type { DeadLetter, LetterStatus } from './dead-letters.ts'
export { createInline, type InlineProjections } from './inline.ts'
export { ProjectionError } from './errors.ts'
