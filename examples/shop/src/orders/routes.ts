import { Problem, reply, router, transactional } from 'tutti'
import * as z from 'zod'
import { admin, customer } from '../access.ts'
import { Stock } from '../inventory/stock.ts'
import { Paging } from '../paging.ts'
import { Order, Payment, Shipment } from './order.ts'
import { ListOrders, OrderPage } from './order-list.ts'
import { NewOrder, OrderView, viewOrder, viewOwnOrder } from './order-view.ts'
import { inLockOrder, orderId, placeOrder } from './place-order.ts'

const params = z.object({ id: z.uuid() })
const deps = { customer }
const response = { 200: OrderView, 404: Problem, 409: Problem }

/** Customers who want the same thing at the same time do not hear of it. */
const attempts = { attempts: 10 }

export const ordersRouter = router('/orders', { tags: ['orders'] })

ordersRouter.post(
  '/',
  {
    summary: 'Place an order',
    description:
      'Prices it and reserves what it wants, or nothing of it. With `Idempotency-Key` it is placed once, however often it is sent.',
    body: NewOrder,
    response: { 201: OrderView, 404: Problem, 409: Problem },
    deps,
  },
  transactional(async (ctx) => {
    const { customer } = ctx.deps
    const id = orderId(customer, ctx.headers['idempotency-key'])
    if ((await ctx.find(Order, id)) === undefined) {
      const placed = await placeOrder(ctx, { id, customer, ...ctx.body })
      if (!placed.ok) return placed
    }
    return reply(201, await viewOwnOrder(ctx, { id, customer }), { location: `/orders/${id}` })
  }, attempts),
)

ordersRouter.get(
  '/',
  { summary: 'List your orders, the newest first', query: Paging, response: { 200: OrderPage }, deps },
  ({ query, deps, ask }) => ask(ListOrders({ ...query, ...deps })),
)

ordersRouter.get('/:id', { summary: 'Get an order', params, response: { 200: OrderView, 404: Problem }, deps }, (ctx) =>
  viewOwnOrder(ctx, { ...ctx.params, ...ctx.deps }),
)

ordersRouter.post('/:id/pay', { summary: 'Pay an order', params, body: Payment, response, deps }, async (ctx) => {
  const own = { ...ctx.params, ...ctx.deps }
  await viewOwnOrder(ctx, own)
  const paid = await ctx.send(Order.commands.pay(own.id, ctx.body))
  return paid.ok ? viewOwnOrder(ctx, own) : paid
})

ordersRouter.post(
  '/:id/cancel',
  { summary: 'Cancel an order', description: 'What was reserved for it can be ordered again.', params, response, deps },
  transactional(async (ctx) => {
    const own = { ...ctx.params, ...ctx.deps }
    const { items } = await viewOwnOrder(ctx, own)
    const cancelled = await ctx.send(Order.commands.cancel(own.id, {}))
    if (!cancelled.ok) return cancelled
    for (const { product } of inLockOrder(items)) await ctx.send(Stock.commands.release(product, { order: own.id }))
    return viewOwnOrder(ctx, own)
  }, attempts),
)

ordersRouter.post(
  '/:id/ship',
  {
    summary: 'Ship an order',
    description: 'What was reserved for it leaves the stock.',
    guard: admin,
    params,
    body: Shipment,
    response,
  },
  transactional(async (ctx) => {
    const { id } = ctx.params
    const shipped = await ctx.send(Order.commands.ship(id, ctx.body))
    if (!shipped.ok) return shipped
    const order = await viewOrder(ctx, id)
    for (const { product } of inLockOrder(order.items)) {
      const dispatched = await ctx.send(Stock.commands.dispatch(product, { order: id }))
      if (!dispatched.ok) return dispatched
    }
    return order
  }, attempts),
)
