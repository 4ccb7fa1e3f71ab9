import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { createMessenger, memoryBroker, topic, type Broker, type Messenger, type MessengerOptions } from '../../src/messaging/public.ts'
import { MetricRegistry, createMeter } from '../../src/observe/index.ts'
import { memoryStorage, type Storage } from '../../src/storage/index.ts'

/** Orders as they are told to other services. */
export const orders = topic('orders', z.object({ id: z.string(), total: z.number() }))

/** What a test works with. */
export interface Bench {
  readonly broker: Broker
  readonly storage: Storage
  readonly messenger: Messenger
}

/** A messenger that ends with the test. */
export function bench(options: MessengerOptions & { readonly broker?: Broker } = {}): Bench {
  const { broker = memoryBroker(), storage = memoryStorage(), ...more } = options
  const meter = createMeter('tutti.messaging', { registry: new MetricRegistry() })
  const messenger = createMessenger(broker, { storage, meter, interval: more.clock === undefined ? 20 : '1d', ...more })
  onTestFinished(() => messenger.stop())
  return { broker, storage, messenger }
}
