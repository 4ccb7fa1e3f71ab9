import { nonRetryable, saga } from 'tutti'
import * as z from 'zod'
import { Stock } from '../inventory/stock.ts'
import { inLockOrder } from '../orders/place-order.ts'
import { Order, OrderItem } from '../orders/order.ts'
import { Card, Payment } from '../payments/payment.ts'
import { feeOf, parcelOf } from './carrier.ts'

/** From this total on somebody has to approve, in cents. */
const approvalFrom = 50_000

export const Approval = z.object({ ok: z.boolean() }).meta({ id: 'Approval' })

const Fulfilment = z.object({ order: z.uuid(), items: z.array(OrderItem), total: z.int(), card: Card })

/**
 * Fulfils an order: what it wants is reserved, the card is charged, somebody approves what is expensive, and a parcel leaves. When
 * something fails, what was done before is taken back, and the order is cancelled.
 */
export const fulfil = saga('fulfil', { input: Fulfilment, signals: { approval: Approval } })
  .step('reserve', {
    run: async ({ input: { order, items }, send }) => {
      for (const { product, quantity } of inLockOrder(items)) {
        const reserved = await send(Stock.commands.reserve(product, { order, quantity }))
        if (!reserved.ok) throw nonRetryable(new Error(reserved.code))
      }
    },
    // It may have reserved a part of it.
    undo: {
      onUnknown: true,
      run: async (_, { input: { order, items }, send }) => {
        for (const { product } of inLockOrder(items)) await send(Stock.commands.release(product, { order }))
        await send(Order.commands.cancel(order, {}))
      },
    },
  })
  .send('charge', {
    command: ({ input: { order, total, card } }) => Payment.commands.charge(order, { amount: total, card }),
    undo: (_, { input: { order }, send }) => send(Payment.commands.refund(order, {})),
  })
  .branch('expensive', {
    when: ({ input: { total } }) => total >= approvalFrom,
    do: (part) =>
      part.wait('approval', { within: '3d', onTimeout: 'fail' }).step('approve', {
        run: ({ results }) => {
          if (!results.approval.ok) throw nonRetryable(new Error('NOT_APPROVED'))
        },
      }),
  })
  .parallel({
    label: (part) =>
      part.step('label', {
        run: ({ input: { items }, key }) => parcelOf(items, key),
        undo: (parcel, { log }) => log.info('A label that nobody needs any more.', { parcel }),
      }),
    fee: (part) => part.step('fee', { run: ({ input: { items } }) => feeOf(items) }),
  })
  // From here on nothing can be rejected any more: whoever cancelled the order was faster than this.
  .send('pay', { command: ({ input: { order, total } }) => Order.commands.pay(order, { amount: total }) })
  .step('dispatch', {
    run: async ({ input: { order, items }, send }) => {
      for (const { product } of inLockOrder(items)) await send(Stock.commands.dispatch(product, { order }))
    },
  })
  .send('ship', { command: ({ input: { order }, results }) => Order.commands.ship(order, { parcel: results.label }) })
  .returns(({ results }) => ({ parcel: results.label, fee: results.fee }))
