import { createHash } from 'node:crypto'
import { newId, type HttpContext } from 'tutti'
import { Rejected } from 'tutti/events'
import type * as z from 'zod'
import { viewProduct } from '../catalogue/product-view.ts'
import { Customer } from '../customers/customer.ts'
import { Stock } from '../inventory/stock.ts'
import { Order } from './order.ts'
import type { NewOrder } from './order-view.ts'

type Verbs = Pick<HttpContext, 'find' | 'send'>

/** Prices an order, reserves what it wants and places it. To be done in a transaction, so that it is all of this or nothing. */
export async function placeOrder(
  ctx: Verbs,
  { id, customer, email, items }: z.infer<typeof NewOrder> & { readonly id: string; readonly customer: string },
) {
  const priced = await Promise.all(items.map(async (item) => ({ ...item, price: (await viewProduct(ctx, item.product)).price })))
  // Whoever is known already stays as they are.
  await ctx.send(Customer.commands.register(customer, { email }))
  for (const { product, quantity } of inLockOrder(items)) {
    const reserved = await ctx.send(Stock.commands.reserve(product, { order: id, quantity }))
    if (!reserved.ok) return new Rejected(reserved.code, { ...reserved.details, product })
  }
  return ctx.send(Order.commands.place(id, { customer, email, items: priced, placedAt: new Date().toISOString() }))
}

/** The same for all transactions that write to several stocks: none of them has what another one waits for. */
export function inLockOrder<Item extends { readonly product: string }>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => (a.product < b.product ? -1 : 1))
}

/** The id of a new order. A customer who sends `Idempotency-Key` gets the same one for the same key: sent twice, ordered once. */
export function orderId(customer: string, key: string | string[] | undefined): string {
  if (key === undefined) return newId()
  const digits = createHash('sha256')
    .update(JSON.stringify([customer, key]))
    .digest('hex')
  // In the form of a UUID of one's own making (RFC 9562 section 5.8).
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-8$3-8$4-$5')
}
