import { httpError, type HttpContext } from 'tutti'
import * as z from 'zod'
import { available, Stock } from '../inventory/stock.ts'
import { Product, ProductDetails, ProductId } from './product.ts'

export const NewProduct = z
  .object({ id: ProductId, ...ProductDetails.shape, stock: z.int().nonnegative().default(0).describe('How many there are to begin with.') })
  .meta({ id: 'NewProduct' })

export const ProductView = z
  .object({ id: ProductId, ...ProductDetails.shape, stock: z.int().describe('How many can be ordered.') })
  .meta({ id: 'Product' })

export type ProductView = z.infer<typeof ProductView>

/** A product with what is left of it, as it is now; `undefined` where it is not sold. */
export async function findProduct({ find }: Pick<HttpContext, 'find'>, id: string): Promise<ProductView | undefined> {
  const [product, stock] = await Promise.all([find(Product, id), find(Stock, id)])
  if (product?.listed !== true) return undefined
  const { name, category, price } = product
  return { id, name, category, price, stock: stock === undefined ? 0 : available(stock) }
}

/** A product with what is left of it, as it is now. Throws 404 where it is not sold. */
export async function viewProduct(ctx: Pick<HttpContext, 'find'>, id: string): Promise<ProductView> {
  const product = await findProduct(ctx, id)
  if (product === undefined) throw httpError(404, 'NO_SUCH_PRODUCT', `There is no product "${id}".`)
  return product
}
