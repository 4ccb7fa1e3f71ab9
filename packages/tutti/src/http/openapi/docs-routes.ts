import type { HttpContext } from '../context.ts'
import type { HttpResponse } from '../response.ts'
import type { Route } from '../route.ts'
import { docsFiles, type DocsFile } from './docs-files.ts'
import type { OpenApiDocument } from './types.ts'

/** Where the API description is served, and how it is made. */
export interface DocsSource {
  /** The path of the page; `false` serves none. */
  readonly path: string | false
  readonly json: string
  /** Makes the document; called once, with the first request for it. */
  readonly document: () => Promise<OpenApiDocument>
}

/**
 * The routes of the document, the page and its files, all of them hidden. Nothing of what they need is loaded before the first
 * request for it.
 */
export function docsRoutes({ path, json, document }: DocsSource): Route[] {
  const open = once(async () => {
    const { DocsSite } = await import('./docs-site.ts')
    return new DocsSite({ document: await document(), path: path === false ? '/docs' : path, json })
  })
  const files = once(async () => import('./docs-assets.ts'))
  const routes = [route(json, async (ctx) => (await open()).json(ctx))]
  if (path === false) return routes
  return [
    ...routes,
    route(path, async (ctx) => (await open()).page(ctx)),
    route(`${path}/`, async (ctx) => (await open()).page(ctx)),
    ...docsFiles.map((file: DocsFile) => route(`${path}/${file}`, async (ctx) => (await files()).docsAsset(file, ctx))),
  ]
}

function route(path: string, handler: (ctx: HttpContext) => Promise<HttpResponse>): Route {
  return { method: 'GET', path, options: { hidden: true, summary: 'API documentation' }, middleware: [], handler }
}

/** Does it once; what failed is tried again with the next call. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work().catch((error: unknown) => {
      result = undefined
      throw error
    })
    return result
  }
}
