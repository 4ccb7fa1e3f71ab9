import { milliseconds, OptionError, type Duration } from '../../kernel/index.ts'
import type { HttpContext } from '../context.ts'
import type { Middleware } from '../middleware.ts'
import { HttpResponse } from '../response.ts'
import { rawHeader } from '../source.ts'
import { checkOptions, isHeaderName, stateless } from './check-options.ts'

/**
 * Which origins may read responses: every one (`'*'`), those listed or matching, or those that a function lets. Write expressions with `^` and
 * `$`: without them they match a part of a foreign origin too.
 */
export type CorsOrigin = string | RegExp | readonly (string | RegExp)[] | ((origin: string, ctx: HttpContext) => boolean | Promise<boolean>)

export interface CorsOptions {
  /** `'null'`, the origin of sandboxed frames and local files, is let by a function or by its name alone, never by an expression. @default '*' */
  readonly origin?: CorsOrigin
  /** Lets browsers send cookies and read the response; needs origins that are named. @default false */
  readonly credentials?: boolean
  /** @default GET, HEAD, PUT, PATCH, POST, DELETE */
  readonly methods?: readonly string[]
  /** Request headers that are allowed. @default whatever the preflight asks for */
  readonly allowedHeaders?: readonly string[]
  /** Response headers that scripts may read. @default none but the safelisted */
  readonly exposedHeaders?: readonly string[]
  /** How long browsers may remember a preflight. @default not said: 5 seconds in most */
  readonly maxAge?: Duration
}

/**
 * Cross-origin resource sharing (Fetch Standard section 3.2): answers preflights, and says on every response, errors included, who may
 * read it. On a router or a route it answers the preflights for those routes.
 */
export function cors(options: CorsOptions = {}): Middleware {
  checkOptions('cors', options, {
    origin: true,
    credentials: true,
    methods: true,
    allowedHeaders: true,
    exposedHeaders: true,
    maxAge: true,
  })
  const { origin = '*', credentials = false, methods = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'] } = options
  if (origin === '*' && credentials) {
    throw new OptionError('cors received credentials: true with origin "*", which browsers refuse; name the origins that may send cookies.')
  }
  const allows = originTest(origin)
  const allowMethods = listed('methods', methods)
  const allowHeaders = listed('allowedHeaders', options.allowedHeaders)
  const expose = listed('exposedHeaders', options.exposedHeaders)
  const maxAge = options.maxAge === undefined ? undefined : String(Math.floor(milliseconds(options.maxAge) / 1000))

  return async function cors(ctx, next) {
    const asking = rawHeader(ctx.source.rawHeaders, 'origin')
    const headers = ctx.responseHeaders
    if (origin !== '*') headers.vary('Origin')
    const allowed = asking !== undefined && (origin === '*' || (await allows(asking, ctx)) === true)
    if (allowed) {
      headers.set('access-control-allow-origin', origin === '*' ? '*' : asking)
      if (credentials) headers.set('access-control-allow-credentials', 'true')
    }
    const wanted = rawHeader(ctx.source.rawHeaders, 'access-control-request-method')
    if (ctx.method !== 'OPTIONS' || asking === undefined || wanted === undefined) {
      if (allowed && expose) headers.set('access-control-expose-headers', expose)
      return next()
    }
    if (allowed) {
      if (allowMethods) headers.set('access-control-allow-methods', allowMethods)
      const asked = allowHeaders ?? rawHeader(ctx.source.rawHeaders, 'access-control-request-headers')
      if (asked) headers.set('access-control-allow-headers', asked)
      if (maxAge !== undefined) headers.set('access-control-max-age', maxAge)
    }
    if (allowHeaders === undefined) headers.vary('Access-Control-Request-Headers')
    return HttpResponse.empty(204)
  }
}

function listed(option: string, names: readonly string[] | undefined): string | undefined {
  const wrong = names?.find((name) => !isHeaderName(name))
  if (wrong !== undefined)
    throw new OptionError(
      `cors received ${JSON.stringify(wrong)} in ${option}; wanted names such as ${option === 'methods' ? '"POST"' : '"x-total-count"'}.`,
    )
  return names?.join(', ')
}

function originTest(origin: CorsOrigin): (asking: string, ctx: HttpContext) => boolean | Promise<boolean> {
  if (typeof origin === 'function') return origin
  const list = typeof origin === 'string' || origin instanceof RegExp ? [origin] : origin
  const names = new Set(list.filter((item) => typeof item === 'string').map((item) => (origin === '*' ? item : checkOrigin(item))))
  const patterns = list.filter((item) => item instanceof RegExp).map(stateless)
  return (asking) => names.has(asking) || (asking !== 'null' && patterns.some((pattern) => pattern.test(asking)))
}

/** An origin as browsers write it: anything else would never match. */
function checkOrigin(item: string): string {
  if (item === '*') throw new OptionError('cors received "*" among other origins; wanted either "*" alone or the origins that are meant.')
  const written = /^https?:/i.test(item) && URL.canParse(item) ? new URL(item).origin : item.toLowerCase()
  if (item === 'null' || (written === item.toLowerCase() && /^[a-z][a-z\d+.-]*:\/\/[^/\s]+$/.test(written))) return written
  throw new OptionError(
    `cors received the origin ${JSON.stringify(item)}; wanted scheme, host and a port that is not the scheme's own, without a path, such as "https://app.example.com".`,
  )
}
