import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dependency, Problem, reply, router } from 'tutti'
import { file, multipart, upload } from 'tutti/http'
import * as z from 'zod'
import { admin } from '../access.ts'
import { ProductId } from './product.ts'
import { products } from './products.ts'

const params = z.object({ id: ProductId })

/** The folder with the pictures, which ends with the process like everything else here. */
const folder = dependency('pictures', () => mkdtemp(join(tmpdir(), 'shop-')), { dispose: (path) => rm(path, { recursive: true }) })

export const pictures = router('/products', { tags: ['catalogue'] })

pictures.put(
  '/:id/picture',
  {
    summary: 'Upload a picture',
    guard: admin,
    params,
    body: multipart({ files: { picture: upload({ types: ['image/png'], maxSize: '2mb' }) } }),
    response: { 204: z.undefined(), 404: Problem, 413: Problem, 415: Problem },
    deps: { products, folder },
  },
  async ({ params, body, deps }) => {
    await body.picture.saveTo(join(deps.folder, `${deps.products.get(params.id).id}.png`), { overwrite: true })
    return reply(204)
  },
)

pictures.get('/:id/picture', { summary: 'Download a picture, whole or in ranges', params, deps: { folder } }, ({ params, deps }) =>
  file(`${params.id}.png`, { root: deps.folder }),
)
