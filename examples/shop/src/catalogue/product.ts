import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'

export const ProductId = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'wanted lower-case words joined by dashes, such as "earl-grey"')
  .max(60)

export const ProductDetails = z
  .object({
    name: z.string().min(1).max(100),
    category: z.string().min(1).max(40),
    price: z.int().positive().describe('In cents.'),
  })
  .meta({ id: 'ProductDetails' })

export type ProductDetails = z.infer<typeof ProductDetails>

type ProductState = { readonly listed: false } | ({ readonly listed: true } & Readonly<ProductDetails>)

const nothing = z.object({})

/** What is sold. How many there are is the inventory's business. */
export const Product = aggregate('product', {
  events: { added: event(ProductDetails), changed: event(ProductDetails), removed: event(nothing) },
  commands: { add: ProductDetails, change: ProductDetails, remove: nothing },
  initial: (): ProductState => ({ listed: false }),
})
  .evolve({
    added: (_, details) => ({ listed: true, ...details }),
    changed: (_, details) => ({ listed: true, ...details }),
    removed: () => ({ listed: false }),
  })
  .decide({
    add: ({ listed }, details, emit) => (listed ? reject('PRODUCT_EXISTS') : emit.added(details)),
    change: ({ listed }, details, emit) => (listed ? emit.changed(details) : reject('NO_SUCH_PRODUCT')),
    remove: ({ listed }, _, emit) => (listed ? emit.removed({}) : reject('NO_SUCH_PRODUCT')),
  })
