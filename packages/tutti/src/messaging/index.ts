export { topic, type Repeatable, type Topic, type TopicData, type TopicInput, type TopicOptions } from './topic.ts'
export type { ConsumerStatus, Messenger, RelayMapping } from './messenger-interface.ts'
export type { MessengerOptions } from './messenger-options.ts'
export type { MessageOptions } from '../message/index.ts'
export type { PublishOptions } from './publisher.ts'
export type { ConsumeContext, ConsumeHandler, ConsumeMiddleware } from './consume-context.ts'
export type { ConsumeOptions } from './consume-options.ts'
export type { ReceivedMessage } from './message.ts'
export type { ConsumerName, DeadMessage, MessageLetterStatus } from './dead-letters.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders.
export type {
  Broker,
  BrokerCapabilities,
  BrokerLag,
  BrokerSubscription,
  Delivery,
  MessageBody,
  OutgoingMessage,
  Settlement,
  SubscribeOptions,
} from './broker.ts'
export { openMemoryBroker, openMessenger } from './open-messenger.ts'
