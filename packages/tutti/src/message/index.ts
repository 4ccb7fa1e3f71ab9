export { event, type EventData, type EventDefinition, type EventOptions, type Upcast } from './event.ts'
export {
  command,
  query,
  type CommandDefinition,
  type QueryDefinition,
  type RequestDefinition,
  type RequestMessage,
  type RequestOptions,
} from './request.ts'
export { Accepted, Rejected, type CommandResult } from './command-result.ts'
export type {
  Askable,
  Followable,
  LaterJob,
  Loadable,
  LoadOptions,
  MessageOptions,
  ProtocolVerbs,
  Publishable,
  Runnable,
  Sendable,
  SendDefaults,
  StartOptions,
  Verbs,
  Viewable,
  WaitForOptions,
} from './verbs.ts'
export { RecordedEvent, type NewEvent } from './envelope.ts'
export type { EventSource, EventsOf, EventType, ReadableEvent } from './event-source.ts'
export { MessageError } from './errors.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders and for adapters.
export { encodeEvent, type EncodedEvent, type EventRow } from './envelope.ts'
export { decode, encode, type Encoded, type TypeHints } from './codec.ts'
export { upcastData } from './upcast.ts'
