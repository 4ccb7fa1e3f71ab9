import { HttpApplication, HttpError, router, type Handle, type HttpContext, type Middleware } from '../../http/index.ts'
import { access } from './access.ts'
import { consoleActions } from './actions.ts'
import { consoleApi } from './api.ts'
import { Audit } from './audit.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import { newsOf } from './news.ts'
import { Overview } from './overview.ts'
import { consolePage } from './page.ts'
import { readableErrors } from './readable-errors.ts'
import { responseHeaders } from './response-headers.ts'
import { sameOrigin } from './same-origin.ts'
import { streamOf } from './stream.ts'

/** Opens the Console: an application of its own within the one that it shows, with its own middleware and routes. */
export function openConsole(parts: OpenConsoleParts): Handle {
  const { path, options, services, ended, backend, clock, log } = parts
  const page = consolePage(path, options.assets)
  const overview = new Overview(parts)
  const audit = new Audit({ stores: backend.stores, clock, log })
  const feeds = newsOf(parts, { overview, audit })
  const api = consoleApi(`${path}/api`, parts, { overview, audit })
  consoleActions(api, parts, audit)
  api.get('/stream', (ctx) => streamOf(ctx, feeds, ended))
  api.all('/*', nothingHere)
  const site = router(path)
  site.get('', page.html)
  site.get('/*', page.html)
  const middleware: readonly Middleware[] = [
    responseHeaders,
    access(options, clock()),
    sameOrigin(options.readonly ?? false),
    ...page.files,
  ]
  const routes = [...api.routes(), ...site.routes()]
  return new HttpApplication({ routes, middleware, errorMappers: [readableErrors] }, services).handle
}

function nothingHere({ method, path }: HttpContext): never {
  throw new HttpError('TUTTI_ROUTE_NOT_FOUND', `The Console does not answer ${method} ${path}.`, { status: 404 })
}
