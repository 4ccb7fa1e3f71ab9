import { Problem, reply, router, sse } from 'tutti'
import * as z from 'zod'
import { customer } from '../access.ts'
import { announceOrder } from '../live/routes.ts'
import { settings } from '../settings.ts'
import { feed, type Feed } from './feed.ts'
import { NewOrder, Order, Payment } from './order.ts'
import { orders } from './orders.ts'

const params = z.object({ id: z.uuid() })
const deps = { orders, customer, feed }
const rejections = { 404: Problem, 409: Problem }

export const ordersRouter = router('/orders', { tags: ['orders'] })

ordersRouter.post(
  '/',
  { summary: 'Place an order', body: NewOrder, response: { 201: Order, ...rejections }, deps: { ...deps, settings } },
  ({ body, deps, defer, log }) => {
    const order = announce(deps.orders.place(deps.customer, body), deps.feed)
    // The client does not wait for the mail; a shutdown does. This example has no mail server.
    defer(() => log.info('Confirmation mail, not sent but logged.', { from: deps.settings.mailFrom, order: order.id }), 'mail')
    return reply(201, order, { location: `/orders/${order.id}` })
  },
)

ordersRouter.get('/', { summary: 'List your orders', response: { 200: z.array(Order) }, deps }, ({ deps }) =>
  deps.orders.list(deps.customer),
)

ordersRouter.get('/:id', { summary: 'Get an order', params, response: { 200: Order, 404: Problem }, deps }, ({ params, deps }) =>
  deps.orders.get(params.id, deps.customer),
)

ordersRouter.post(
  '/:id/pay',
  { summary: 'Pay an order', params, body: Payment, response: { 200: Order, ...rejections }, deps },
  ({ params, body, deps }) => announce(deps.orders.pay(deps.orders.get(params.id, deps.customer), body.amount), deps.feed),
)

ordersRouter.post(
  '/:id/cancel',
  { summary: 'Cancel an order', params, response: { 200: Order, ...rejections }, deps },
  ({ params, deps }) => announce(deps.orders.cancel(deps.orders.get(params.id, deps.customer)), deps.feed),
)

ordersRouter.get(
  '/feed',
  {
    summary: 'Follow your orders',
    description: 'Server-sent events: each change of an order. With `Last-Event-ID` those that were missed come first.',
    deps,
  },
  ({ deps, lastEventId, signal }) => sse(deps.feed.follow(deps.customer, { last: lastEventId, signal })),
)

/** Tells those who follow the feed or watch the order. */
function announce(order: Order, feed: Feed): Order {
  feed.publish(order)
  announceOrder(order)
  return order
}
