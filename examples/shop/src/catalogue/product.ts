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
    stock: z.int().nonnegative(),
  })
  .meta({ id: 'ProductDetails' })

export const NewProduct = z.object({ id: ProductId, ...ProductDetails.shape }).meta({ id: 'NewProduct' })

export const Product = z.object({ ...NewProduct.shape, version: z.int().describe('Grows with each change.') }).meta({ id: 'Product' })

export const ProductFilter = z.object({
  q: z.string().max(100).optional().describe('Part of the name.'),
  category: z.array(z.string()).optional().describe('Any of these; repeat the key for several.'),
  maxPrice: z.coerce.number().int().positive().optional(),
  page: z.coerce.number().int().positive().default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

export const ProductPage = z.object({ items: z.array(Product), total: z.int(), page: z.int(), pages: z.int() }).meta({ id: 'ProductPage' })

export type Product = z.infer<typeof Product>
export type NewProduct = z.infer<typeof NewProduct>
export type ProductFilter = z.infer<typeof ProductFilter>
export type ProductPage = z.infer<typeof ProductPage>
