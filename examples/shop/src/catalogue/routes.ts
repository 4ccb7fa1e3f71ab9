import { etag, httpError, Problem, reply, router } from 'tutti'
import { preconditionFails } from 'tutti/http'
import * as z from 'zod'
import { admin } from '../access.ts'
import { announceProduct } from '../live/routes.ts'
import { NewProduct, Product, ProductDetails, ProductFilter, ProductId, ProductPage } from './product.ts'
import { products } from './products.ts'

const params = z.object({ id: ProductId })
const tagOf = ({ version }: Product): { etag: string } => ({ etag: `"${version}"` })

export const catalogue = router('/products', { tags: ['catalogue'] })

catalogue.get(
  '/',
  { summary: 'Search the catalogue', query: ProductFilter, response: { 200: ProductPage }, deps: { products } },
  ({ query, deps }) => deps.products.search(query),
)

catalogue.get(
  '/:id',
  { summary: 'Get a product', params, response: { 200: Product, 404: Problem }, deps: { products }, use: [etag()] },
  ({ params, deps }) => {
    const product = deps.products.get(params.id)
    return reply(200, product, tagOf(product))
  },
)

catalogue.post(
  '/',
  { summary: 'Add a product', guard: admin, body: NewProduct, response: { 201: Product, 409: Problem }, deps: { products } },
  ({ body, deps }) => {
    const product = deps.products.create(body)
    return reply(201, product, { location: `/products/${product.id}`, ...tagOf(product) })
  },
)

catalogue.put(
  '/:id',
  {
    summary: 'Change a product',
    description: 'With `If-Match` only where nobody else has changed it meanwhile.',
    guard: admin,
    params,
    body: ProductDetails,
    response: { 200: Product, 404: Problem, 412: Problem },
    deps: { products },
  },
  (ctx) => {
    const { params, body, deps } = ctx
    if (preconditionFails(ctx, tagOf(deps.products.get(params.id))))
      throw httpError(412, 'PRODUCT_CHANGED', 'Somebody else has changed the product.')
    const product = deps.products.update(params.id, body)
    announceProduct(product)
    return reply(200, product, tagOf(product))
  },
)

catalogue.delete(
  '/:id',
  { summary: 'Remove a product', guard: admin, params, response: { 204: z.undefined(), 404: Problem }, deps: { products } },
  ({ params, deps }) => {
    deps.products.delete(params.id)
    return reply(204)
  },
)
