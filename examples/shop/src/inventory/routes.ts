import { Problem, router } from 'tutti'
import * as z from 'zod'
import { admin } from '../access.ts'
import { ProductId } from '../catalogue/product.ts'
import { ProductView, viewProduct } from '../catalogue/product-view.ts'
import { Delivery, Stock } from './stock.ts'

export const inventoryRouter = router('/products', { tags: ['inventory'] })

inventoryRouter.post(
  '/:id/deliveries',
  {
    summary: 'Receive a delivery',
    guard: admin,
    params: z.object({ id: ProductId }),
    body: Delivery,
    response: { 200: ProductView, 404: Problem },
  },
  async (ctx) => {
    const { id } = ctx.params
    await viewProduct(ctx, id)
    await ctx.send(Stock.commands.receive(id, ctx.body))
    return viewProduct(ctx, id)
  },
)
