import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'
import { ProductId } from '../catalogue/product.ts'
import { CustomerId } from '../customers/customer.ts'

export const OrderItem = z.object({ product: ProductId, quantity: z.int().min(1).max(99) })

const PricedItem = z.object({ ...OrderItem.shape, price: z.int().describe('Of one piece, in cents.') })

const Placing = z.object({ customer: CustomerId, email: z.email(), items: z.array(PricedItem).min(1), placedAt: z.iso.datetime() })

/** What was ordered, and what it costs. */
export const OrderFacts = z.object({ ...Placing.shape, total: z.int().describe('In cents.') })

export const Payment = z.object({ amount: z.int().positive().describe('In cents.') }).meta({ id: 'Payment' })

export const Shipment = z
  .object({ parcel: z.string().min(1).max(60).describe('By which the parcel can be tracked.') })
  .meta({ id: 'Shipment' })

/** Every event of an order says whose it is, so that those who follow the events need not look it up. */
export const OfCustomer = z.object({ customer: CustomerId })

export const OrderStatus = z.enum(['open', 'paid', 'shipped', 'cancelled'])

type OrderState = { readonly status: 'none' } | ({ readonly status: z.infer<typeof OrderStatus> } & Readonly<z.infer<typeof OrderFacts>>)

/** What a customer has ordered: open, then paid, then shipped; or cancelled before it is paid. */
export const Order = aggregate('order', {
  events: {
    placed: event(OrderFacts),
    paid: event(OfCustomer.extend(Payment.shape)),
    shipped: event(OfCustomer.extend(Shipment.shape)),
    cancelled: event(OfCustomer),
  },
  commands: { place: Placing, pay: Payment, ship: Shipment, cancel: z.object({}) },
  initial: (): OrderState => ({ status: 'none' }),
})
  .evolve({
    placed: (_, facts) => ({ status: 'open', ...facts }),
    paid: (order) => becoming('paid', order),
    shipped: (order) => becoming('shipped', order),
    cancelled: (order) => becoming('cancelled', order),
  })
  .decide({
    place: (order, placing, emit) =>
      order.status === 'none' ? emit.placed({ ...placing, total: totalOf(placing.items) }) : reject('ALREADY_PLACED'),
    pay(order, { amount }, emit) {
      if (order.status !== 'open') return reject('ORDER_NOT_OPEN', { detail: `The order is ${order.status}.` })
      if (amount !== order.total) return reject('WRONG_AMOUNT', { detail: `The order costs ${order.total}, not ${amount}.` })
      return emit.paid({ customer: order.customer, amount })
    },
    ship(order, { parcel }, emit) {
      if (order.status !== 'paid') return reject('ORDER_NOT_PAID', { detail: `The order is ${order.status}.` })
      return emit.shipped({ customer: order.customer, parcel })
    },
    cancel(order, _, emit) {
      if (order.status !== 'open') return reject('ORDER_NOT_OPEN', { detail: `The order is ${order.status}.` })
      return emit.cancelled({ customer: order.customer })
    },
  })

function becoming(status: z.infer<typeof OrderStatus>, order: OrderState): OrderState {
  return order.status === 'none' ? order : { ...order, status }
}

function totalOf(items: readonly z.infer<typeof PricedItem>[]): number {
  return items.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
}
