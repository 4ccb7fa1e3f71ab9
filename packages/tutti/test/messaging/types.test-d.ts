import * as z from 'zod'
import {
  createMessenger,
  memoryBroker,
  topic,
  type ConsumeContext,
  type Topic,
  type TopicData,
  type TopicInput,
} from '../../src/messaging/public.ts'
import type { RecordedEvent } from '../../src/message/index.ts'
import type { Transaction } from '../../src/storage/index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(): T | undefined => undefined

const orders = topic('orders', z.object({ id: z.string(), at: z.date(), note: z.string().default('') }))
holds<Equal<(typeof orders)['name'], 'orders'>>()
holds<Equal<TopicInput<typeof orders>, { id: string; at: Date; note?: string | undefined }>>()
holds<Equal<TopicData<typeof orders>, { id: string; at: Date; note: string }>>()

const messenger = createMessenger(memoryBroker())

await messenger.publish(orders, { id: 'a', at: new Date() }, { key: 'a', delay: '1h' })
// @ts-expect-error -- no such topic data
await messenger.publish(orders, { id: 1, at: new Date() })
// @ts-expect-error -- a member is missing
await messenger.publish(orders, { id: 'a' })
// @ts-expect-error -- a member too many
await messenger.publish(orders, { id: 'a', at: new Date(), total: 1 })
// @ts-expect-error -- no such option
await messenger.publish(orders, { id: 'a', at: new Date() }, { keys: 'a' })
// @ts-expect-error -- not a duration
await messenger.publish(orders, { id: 'a', at: new Date() }, { delay: 'soon' })
// @ts-expect-error -- not a topic
await messenger.publish('orders', { id: 'a', at: new Date() })
await messenger.publishAll(orders, [{ data: { id: 'a', at: new Date() } }])
// @ts-expect-error -- the data of one does not fit
await messenger.publishAll(orders, [{ data: { id: 'a', at: new Date() } }, { data: { id: 'a' } }])

messenger.consume(orders, { group: 'g', retry: { attempts: 3, backoff: 'linear' } }, ({ data, attempt, tx, reject, requeue }) => {
  holds<Equal<typeof data, { id: string; at: Date; note: string }>>()
  holds<Equal<typeof attempt, number>>()
  holds<Equal<typeof tx, Transaction | undefined>>()
  if (attempt > 1) requeue('1m')
  // @ts-expect-error -- not in the data
  return data.total ?? reject('no')
})
messenger.consume(orders, { group: 'g' }, (ctx) => {
  holds<Equal<typeof ctx, ConsumeContext<{ id: string; at: Date; note: string }>>>()
})
// @ts-expect-error -- a group is needed
messenger.consume(orders, {}, () => undefined)
// @ts-expect-error -- the handler is of another topic
messenger.consume(orders, { group: 'g' }, ({ data }: ConsumeContext<{ total: number }>) => data.total)

// What is published is what arrives, so that a schema has to take what it gives.
topic(
  'numbers',
  // @ts-expect-error -- gives a number for a text
  z.string().transform((text) => Number(text)),
)
// @ts-expect-error -- gives a member that it does not take
topic('nested', z.object({ at: z.string().transform((text) => new Date(text)) }))
topic('coerced', z.object({ at: z.coerce.date(), name: z.string().trim() }))
// @ts-expect-error -- no schema
topic('none', { id: 'string' })
// @ts-expect-error -- no such mode
topic('mode', z.string(), { mode: 'text' })

const some: Topic = orders
await messenger.publish(some, 'anything')

messenger.relay(orders, (event: RecordedEvent<{ id: string }>) => ({ data: { id: event.data.id, at: event.time }, key: event.stream }))
messenger.relay(orders, () => undefined)
// @ts-expect-error -- the data does not fit the topic
messenger.relay(orders, (event: RecordedEvent<{ id: string }>) => ({ data: { id: event.data.id } }))

messenger.consume(
  orders,
  { group: 'g', use: [({ data, message, tx }, next) => [holds<Equal<typeof data, unknown>>(), message.id, tx, next()]] },
  () => undefined,
)
// @ts-expect-error -- no middleware
messenger.consume(orders, { group: 'g', use: [({ missing }) => missing] }, () => undefined)
