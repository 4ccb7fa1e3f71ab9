import { etag, Problem, reply, router, transactional } from 'tutti'
import * as z from 'zod'
import { admin } from '../access.ts'
import { Stock } from '../inventory/stock.ts'
import { ProductFilter, ProductPage, SearchCatalogue } from './catalogue.ts'
import { Product, ProductDetails, ProductId } from './product.ts'
import { NewProduct, ProductView, viewProduct } from './product-view.ts'

const params = z.object({ id: ProductId })
const rejections = { NO_SUCH_PRODUCT: 404 }

export const catalogueRouter = router('/products', { tags: ['catalogue'] })

catalogueRouter.get(
  '/',
  { summary: 'Search the catalogue', query: ProductFilter, response: { 200: ProductPage }, use: [etag()] },
  ({ query, ask }) => ask(SearchCatalogue(query)),
)

catalogueRouter.get('/:id', { summary: 'Get a product', params, response: { 200: ProductView, 404: Problem } }, async (ctx) => {
  // Its version as `ETag`, for changes with `If-Match`.
  await ctx.load(Product, ctx.params.id)
  return viewProduct(ctx, ctx.params.id)
})

catalogueRouter.post(
  '/',
  { summary: 'Add a product', guard: admin, body: NewProduct, response: { 201: ProductView, 409: Problem } },
  transactional(async (ctx) => {
    const { id, stock, ...details } = ctx.body
    const added = await ctx.send(Product.commands.add(id, details))
    if (!added.ok) return added
    if (stock > 0) await ctx.send(Stock.commands.receive(id, { quantity: stock }))
    return reply(201, await viewProduct(ctx, id), { location: `/products/${id}`, etag: `"${added.version}"` })
  }),
)

catalogueRouter.put(
  '/:id',
  {
    summary: 'Change a product',
    description: 'With `If-Match` only where nobody else has changed it meanwhile.',
    guard: admin,
    params,
    body: ProductDetails,
    response: { 200: ProductView, 404: Problem, 412: Problem },
    rejections,
  },
  async (ctx) => {
    const changed = await ctx.send(Product.commands.change(ctx.params.id, ctx.body))
    if (!changed.ok) return changed
    return reply(200, await viewProduct(ctx, ctx.params.id), { etag: `"${changed.version}"` })
  },
)

catalogueRouter.delete(
  '/:id',
  { summary: 'Remove a product', guard: admin, params, response: { 204: z.undefined(), 404: Problem }, rejections },
  async ({ params, send }) => {
    const removed = await send(Product.commands.remove(params.id, {}))
    return removed.ok ? reply(204) : removed
  },
)
