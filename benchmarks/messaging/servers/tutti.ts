import { postgres, postgresBroker } from '@tutti/postgres'
import { createMessenger, memoryBroker, topic, type Broker, type Messenger } from 'tutti/messaging'
import { memoryStorage, type Storage } from 'tutti/storage'
import * as z from 'zod'
import { offer } from '../../harness/offer.ts'
import { carrierTasks, type Carrier } from '../carrier.ts'

const orders = topic(
  'orders',
  z.object({ id: z.string(), customer: z.string(), city: z.string(), items: z.number(), total: z.number(), sent: z.number() }),
)
const group = 'bench'

let carrier: Carrier

offer({
  ...carrierTasks(() => carrier),
  /** Without a URL messages stay in the memory of the process. */
  async open({ url, connections, concurrency }: { readonly url?: string; readonly connections: number; readonly concurrency: number }) {
    let broker: Broker = memoryBroker()
    let storage: Storage = memoryStorage()
    if (url !== undefined) {
      const pool = { max: connections / 2 }
      const [onServer, storageThere] = [postgresBroker({ url, pool }), postgres({ url, pool })]
      await onServer.migrate()
      broker = onServer
      storage = storageThere
    }
    await storage.migrate()
    const messenger = (): Messenger => createMessenger(broker, { storage })
    const publisher = messenger()
    // From now on there is the group, for which messages are counted.
    await (await broker.subscribe(orders.name, { group, lease: 30_000, onLost: () => undefined })).close()
    carrier = {
      publish(messages) {
        const [only] = messages
        return messages.length === 1 && only !== undefined
          ? publisher.publish(orders, only)
          : publisher.publishAll(
              orders,
              messages.map((data) => ({ data })),
            )
      },
      async consume(handle) {
        const consumer = messenger()
        consumer.consume(orders, { group, concurrency }, ({ data }) => handle(data))
        await consumer.start()
        return () => consumer.stop()
      },
      waiting: async () => (await broker.lag(orders.name, group)).messages,
    }
  },
})
