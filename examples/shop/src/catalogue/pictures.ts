import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { dependency, Problem, reply, router } from 'tutti'
import { file, multipart, upload } from 'tutti/http'
import * as z from 'zod'
import { admin } from '../access.ts'
import { settings } from '../settings.ts'
import { ProductId } from './product.ts'
import { viewProduct } from './product-view.ts'

const params = z.object({ id: ProductId })

/** The folder with the pictures. */
const folder = dependency('pictures', { needs: { settings } }, async ({ needs }) => {
  await mkdir(needs.settings.pictures, { recursive: true })
  return needs.settings.pictures
})

export const pictures = router('/products', { tags: ['catalogue'] })

pictures.put(
  '/:id/picture',
  {
    summary: 'Upload a picture',
    guard: admin,
    params,
    body: multipart({ files: { picture: upload({ types: ['image/png'], maxSize: '2mb' }) } }),
    response: { 204: z.undefined(), 404: Problem, 413: Problem, 415: Problem },
    deps: { folder },
  },
  async (ctx) => {
    const { params, body, deps } = ctx
    await viewProduct(ctx, params.id)
    await body.picture.saveTo(join(deps.folder, `${params.id}.png`), { overwrite: true })
    return reply(204)
  },
)

pictures.get('/:id/picture', { summary: 'Download a picture, whole or in ranges', params, deps: { folder } }, ({ params, deps }) =>
  file(`${params.id}.png`, { root: deps.folder }),
)
