import * as z from 'zod'
import { ProductId } from '../catalogue/product.ts'

const OrderItem = z.object({ product: ProductId, quantity: z.int().min(1).max(99) })

const PricedItem = z.object({ ...OrderItem.shape, price: z.int().describe('Of one piece, in cents.') })

export const NewOrder = z
  .object({
    email: z.email(),
    items: z
      .array(OrderItem)
      .min(1)
      .max(50)
      .refine((items) => new Set(items.map(({ product }) => product)).size === items.length, 'wanted each product once'),
  })
  .meta({ id: 'NewOrder' })

export const Order = z
  .object({
    id: z.uuid(),
    customer: z.string(),
    email: z.email(),
    items: z.array(PricedItem),
    total: z.int().describe('In cents.'),
    status: z.enum(['open', 'paid', 'cancelled']),
    placedAt: z.iso.datetime(),
  })
  .meta({ id: 'Order' })

export const Payment = z.object({ amount: z.int().positive().describe('In cents.') }).meta({ id: 'Payment' })

export type OrderItem = z.infer<typeof OrderItem>
export type PricedItem = z.infer<typeof PricedItem>
export type NewOrder = z.infer<typeof NewOrder>
export type Order = z.infer<typeof Order>
