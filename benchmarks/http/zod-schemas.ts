import * as z from 'zod'

const text = z.string().min(1).max(200)

/** The order as a zod schema, for servers whose users would write one. */
export const orderZod = z.object({
  customer: z.object({ id: text, name: text, email: text }),
  address: z.object({ street: text, city: text, zip: text, country: z.string().length(2) }),
  items: z
    .array(z.object({ sku: text, quantity: z.int().min(1), price: z.int().min(0) }))
    .min(1)
    .max(100),
  currency: z.enum(['EUR', 'USD', 'GBP']),
  express: z.boolean(),
  note: z.string().max(200).optional(),
})

/** What the POST route answers. */
export const receiptZod = z.object({
  id: z.string(),
  customer: z.string(),
  status: z.enum(['open', 'rejected']),
  total: z.number(),
  items: z.array(z.object({ sku: z.string(), amount: z.number() })),
})
