// What `tutti/events` exports: what the main entry has of events, and the repository, which applications reach through `App`.
export { aggregate } from './aggregate.ts'
export { event, type EventData, type EventDefinition, type EventOptions, type Upcast } from '../message/index.ts'
export type {
  Aggregate,
  AggregateBuilder,
  AggregateOptions,
  CodesOf,
  CommandConstructors,
  CommandMap,
  CommandOf,
  DecideOutcome,
  Deciders,
  EventConstructors,
  EventMap,
  EventOf,
  EvolvingAggregate,
  Evolvers,
  StateOf,
  Surplus,
} from './aggregate-definition.ts'
export { AggregateEvent, type EventConstructor } from './aggregate-event.ts'
export type { AggregateCommand, CommandConstructor, CommandOptions } from './command-message.ts'
export { Accepted, Rejected, type CommandResult } from '../message/index.ts'
export { reject, Rejection, type RejectionDetails } from './rejection.ts'
export type { AggregateRules, Decision, SnapshotOptions, StoredEvent, UnknownEvents } from './aggregate-rules.ts'
export type { LoadedState, LoadOptions, Repository, RepositoryOptions, StateCacheOptions } from './repository.ts'
export { AggregateError, AggregateNotFoundError, ExpectedVersionError } from './errors.ts'
export { createRepository } from './create-repository.ts'
