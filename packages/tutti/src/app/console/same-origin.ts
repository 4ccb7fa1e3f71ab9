import { forbidden, HttpError, type HttpContext, type Middleware } from '../../http/index.ts'

/** Refuses what other sites could have a browser do, and every change where the Console only shows. */
export function sameOrigin(readonly: boolean): Middleware {
  return async function sameOrigin(ctx, next) {
    assertOwnOrigin(ctx)
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return next()
    // No form and no script of another site can send this header without being asked for leave first, which it does not get.
    if (ctx.headers['x-tutti-console'] !== '1') throw forbidden('A change through the Console needs the header "x-tutti-console: 1".')
    if (!/^application\/json\b/i.test(ctx.headers['content-type'] ?? ''))
      throw new HttpError('TUTTI_MEDIA_TYPE_UNSUPPORTED', 'A change through the Console is sent as application/json.', { status: 415 })
    if (readonly) throw forbidden('The Console only shows: it was switched off that it changes something (console: { readonly: true }).')
    return next()
  }
}

function assertOwnOrigin(ctx: HttpContext): void {
  const site = ctx.headers['sec-fetch-site']
  const { origin } = ctx.headers
  const isNavigation = ctx.headers['sec-fetch-mode'] === 'navigate'
  // A link to the page may be anywhere; what it then loads comes from itself.
  const trusted = site === undefined || site === 'same-origin' || site === 'none' || (isNavigation && ctx.method === 'GET')
  if (!trusted || (origin !== undefined && !isOwn(origin, ctx.host)))
    throw forbidden('The request came from a page of another origin; the Console answers its own page alone.')
}

/** By host and port alone: whether a proxy speaks https to the browser may not be known here. */
function isOwn(origin: string, host: string): boolean {
  const url = URL.parse(origin)
  return url !== null && (url.host === host || `${url.hostname}:${defaultPort(url.protocol)}` === host)
}

function defaultPort(protocol: string): number {
  return protocol === 'https:' ? 443 : 80
}
