import { httpError, type HttpContext } from 'tutti'
import * as z from 'zod'
import { Order, OrderFacts, OrderItem, OrderStatus } from './order.ts'

export const NewOrder = z
  .object({
    email: z.email().max(200),
    items: z
      .array(OrderItem)
      .min(1)
      .max(50)
      .refine((items) => new Set(items.map(({ product }) => product)).size === items.length, 'wanted each product once'),
  })
  .meta({ id: 'NewOrder' })

export const OrderView = z.object({ id: z.uuid(), ...OrderFacts.shape, status: OrderStatus }).meta({ id: 'Order' })

export type OrderView = z.infer<typeof OrderView>

/** An order as it is now, or was at a version. Throws 404 where there is none. */
export async function viewOrder({ find }: Pick<HttpContext, 'find'>, id: string, version?: number): Promise<OrderView> {
  const order = await find(Order, id, version === undefined ? {} : { version })
  if (order === undefined || order.status === 'none') throw noSuchOrder(id)
  return { id, ...order }
}

/** An order of a customer's own. Those of others do not exist for them. */
export async function viewOwnOrder(
  ctx: Pick<HttpContext, 'find'>,
  { id, customer }: { readonly id: string; readonly customer: string },
): Promise<OrderView> {
  const order = await viewOrder(ctx, id)
  if (order.customer !== customer) throw noSuchOrder(id)
  return order
}

function noSuchOrder(id: string): Error {
  return httpError(404, 'NO_SUCH_ORDER', `There is no order "${id}".`)
}
