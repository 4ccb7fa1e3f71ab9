import { HttpApplication, HttpError, router, type Handle, type Middleware } from '../../http/index.ts'
import { access } from './access.ts'
import { appFacts } from './app-facts.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import { Feeds } from './feeds.ts'
import { Overview } from './overview.ts'
import { consolePage } from './page.ts'
import { responseHeaders } from './response-headers.ts'
import { sameOrigin } from './same-origin.ts'
import { streamOf } from './stream.ts'

/** Opens the Console: an application of its own within the one that it shows, with its own middleware and routes. */
export function openConsole(parts: OpenConsoleParts): Handle {
  const { path, options, services, ended } = parts
  const page = consolePage(path, options.assets)
  const overview = new Overview(parts)
  const feeds = new Feeds({ overview: overview.feed })
  const api = router(`${path}/api`)
  api.get('/app', (ctx) => appFacts(parts, ctx.actor))
  api.get('/overview', () => overview.read())
  api.get('/stream', (ctx) => streamOf(ctx, feeds, ended))
  const site = router(path)
  site.get('', page.html)
  site.get('/*', page.html)
  api.all('/*', (ctx) => {
    throw new HttpError('TUTTI_ROUTE_NOT_FOUND', `The Console does not answer ${ctx.method} ${ctx.path}.`, { status: 404 })
  })
  const middleware: readonly Middleware[] = [
    responseHeaders,
    access(options, parts.clock()),
    sameOrigin(options.readonly ?? false),
    ...page.files,
  ]
  const routes = [...api.routes(), ...site.routes()]
  return new HttpApplication({ routes, middleware, errorMappers: [] }, services).handle
}
