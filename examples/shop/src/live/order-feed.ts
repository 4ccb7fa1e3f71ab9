import { sse, type App, type Plugin } from 'tutti'
import type { SseMessage } from 'tutti/http'
import { customer } from '../access.ts'
import { OfCustomer, Order } from '../orders/order.ts'
import { viewOrder } from '../orders/order-view.ts'
import { idOf } from '../stream-id.ts'
import { follow, storageOf } from './follow.ts'

/** The changes of a customer's orders as server-sent events. */
export const orderFeed: Plugin = {
  name: 'order-feed',
  setup(app) {
    app.get(
      '/orders/feed',
      {
        summary: 'Follow your orders',
        description:
          'Server-sent events: each change of an order. With `Last-Event-ID` those that were missed come first; 0 begins with the first.',
        tags: ['orders'],
        deps: { customer },
      },
      async ({ deps, lastEventId, signal }) => {
        const after = /^\d{1,15}$/.test(lastEventId ?? '') ? Number(lastEventId) : await storageOf(app).events.head()
        return sse(changes(app, { ...deps, after, signal }))
      },
    )
  },
}

const types = Object.values(Order.events).map(({ type }) => type)

/** The ids of the messages are positions in the log: a client that comes back misses nothing, not even after a restart. */
async function* changes(
  app: App,
  { customer, after, signal }: { readonly customer: string; readonly after: number; readonly signal: AbortSignal },
): AsyncGenerator<SseMessage> {
  for await (const event of follow(storageOf(app), { types, after, signal })) {
    if (OfCustomer.parse(event.data).customer !== customer) continue
    const order = await viewOrder(app, idOf(event), event.streamVersion)
    yield { id: event.position, event: order.status, data: order }
  }
}
