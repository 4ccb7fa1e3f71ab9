import type { Clock } from '../kernel/index.ts'
import type { Broker } from './broker.ts'
import type { Messenger } from './messenger-interface.ts'
import type { MessengerOptions } from './messenger-options.ts'

/** A messenger, whose code is loaded when the first one is opened: applications without messages need none of it. */
export async function openMessenger(broker: Broker, options: MessengerOptions): Promise<Messenger> {
  const { createMessenger } = await import('./create-messenger.ts')
  return createMessenger(broker, options)
}

/** A broker in this process. */
export async function openMemoryBroker(options: { readonly clock: Clock }): Promise<Broker> {
  const { memoryBroker } = await import('./memory/memory-broker.ts')
  return memoryBroker(options)
}
