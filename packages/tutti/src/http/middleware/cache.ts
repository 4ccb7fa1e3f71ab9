import { milliseconds, type Duration } from '../../kernel/index.ts'
import { baseKey, cacheTime, headerValues, isCacheable, ownerOf } from '../cache/cache-key.ts'
import { keepable } from '../cache/keepable.ts'
import type { StoredResponse } from '../cache/response-cache.ts'
import { isNotModified } from '../conditional.ts'
import { services, type HttpContext } from '../context.ts'
import { HttpHeaders } from '../headers.ts'
import type { Middleware, Next } from '../middleware.ts'
import { HttpResponse } from '../response.ts'
import { checkOptions } from './check-options.ts'

/** What is kept, and for how long. */
export interface CacheOptions {
  /** 0 keeps nothing. */
  readonly ttl: Duration
  /** Request headers that the response depends on, besides those of its own `Vary`. @default none */
  readonly vary?: readonly string[]
  /** Names by which responses can be forgotten: `app.invalidate('products')`. @default none */
  readonly tags?: readonly string[] | ((ctx: HttpContext) => readonly string[])
  /** Says that the response is the same for everybody in a tenant who may ask, whatever credentials a request carries. @default false */
  readonly shared?: boolean
}

/**
 * Keeps what GET answers with 200, in memory, and answers GET and HEAD from it. Nothing crosses users or guards: responses are kept apart
 * by host, tenant and `ctx.actor` with its claims; where `Authorization`, a cookie or a certificate comes with the request, or a guard
 * stands before the route, nothing is kept unless the actor is known or `shared` says so. As a middleware it stands outside of guards, so
 * guarded routes are never kept: give those the route option `cache`. Never kept either: `Set-Cookie`, `Cache-Control: no-store`,
 * `no-cache` and `private`, `Vary: *`, pages with a CSP nonce, streams and web `Response`s. Requests that come while the response is being
 * made wait for it. `Cache-Status` (RFC 9211) says where a response came from.
 */
export function cache(options: CacheOptions): Middleware {
  return keeper(options, false)
}

/** The route option `cache`: stands behind the route's guard, which has decided already when this is asked. */
export function cacheBehindGuard(options: CacheOptions): Middleware {
  return keeper(options, true)
}

let instances = 0

interface Plan {
  /** Tells what this middleware keeps from what others keep: they may stand behind other guards. */
  readonly name: string
  readonly ttl: number
  readonly shared: boolean
  readonly vary: readonly string[]
  readonly tagsOf: (ctx: HttpContext) => readonly string[]
  readonly behindGuard: boolean
  readonly making: Map<string, Promise<void>>
}

function keeper(options: CacheOptions, behindGuard: boolean): Middleware {
  checkOptions('cache', options, { ttl: true, vary: true, tags: true, shared: true })
  const { shared = false, tags = [] } = options
  const plan: Plan = {
    name: String(++instances),
    ttl: milliseconds(options.ttl),
    shared,
    vary: (options.vary ?? []).map((name) => name.toLowerCase()).toSorted(),
    tagsOf: typeof tags === 'function' ? tags : () => tags,
    behindGuard,
    making: new Map(),
  }
  return async function cache(ctx, next) {
    if (plan.ttl === 0 || !isCacheable(ctx, shared) || isForeign(ctx, plan)) return next()
    const store = ctx[services].responses
    const base = `${plan.name} ${ownerOf(ctx, shared)} ${baseKey(ctx, plan.vary)}`
    const keyOf = (varies: readonly string[]): string => `${base} ${JSON.stringify(headerValues(ctx, varies))}`
    const look = (): StoredResponse | undefined => store.get(keyOf(store.varies(base)), cacheTime(ctx))
    const key = keyOf(store.varies(base))
    let found = look()
    // Nothing is awaited between looking and announcing: of requests that come together one makes the response.
    const others = found === undefined ? plan.making.get(key) : undefined
    if (others !== undefined) {
      await others
      found = look()
    }
    if (found !== undefined) return fromStore(found, ctx)
    if (ctx.method === 'HEAD') return marked(await next(), 'fwd=miss')
    const made = make(ctx, next, { plan, base, keyOf })
    const waiting = made.then(
      () => {},
      () => {},
    )
    plan.making.set(key, waiting)
    try {
      return await made
    } finally {
      if (plan.making.get(key) === waiting) plan.making.delete(key)
    }
  }
}

/** Whether the guard of the route is not behind us: what it let one caller have must not be given to another. */
function isForeign(ctx: HttpContext, { behindGuard, shared }: Plan): boolean {
  if (ctx.route?.options.guard === undefined) return false
  return !behindGuard || (!shared && ctx.actor === undefined)
}

interface Place {
  readonly plan: Plan
  readonly base: string
  readonly keyOf: (varies: readonly string[]) => string
}

async function make(ctx: HttpContext, next: Next, { plan, base, keyOf }: Place): Promise<HttpResponse> {
  const store = ctx[services].responses
  const owner = ownerOf(ctx, plan.shared)
  const before = ctx.hasResponseHeaders ? [...ctx.responseHeaders.raw] : []
  const making = store.begin()
  let tags: readonly string[] = []
  let current = false
  const response = await next()
  try {
    tags = plan.tagsOf(ctx)
  } finally {
    current = store.made(making, tags)
  }
  // What only turned out further in: a guard, or another caller than the key says.
  const differs = isForeign(ctx, plan) || ownerOf(ctx, plan.shared) !== owner
  const kept = current && !differs ? keepable(ctx, response, before) : undefined
  if (kept === undefined) return marked(response, 'fwd=miss')
  const now = cacheTime(ctx)
  const stored = store.put(
    base,
    { headers: kept.headers, body: kept.body, tags, storedAt: now, expiresAt: now + plan.ttl },
    { varies: kept.varies, keyOf },
  )
  return marked(response, stored ? 'fwd=miss; stored' : 'fwd=miss')
}

function fromStore(stored: StoredResponse, ctx: HttpContext): HttpResponse {
  const headers = new HttpHeaders([...stored.headers])
  const now = cacheTime(ctx)
  const age = Number(headers.get('age') ?? 0)
  headers.set('age', (Number.isFinite(age) ? age : 0) + Math.max(0, Math.floor((now - stored.storedAt) / 1000)))
  const unchanged = isNotModified(ctx, { etag: headers.get('etag'), lastModified: headers.get('last-modified') })
  if (unchanged) for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language']) headers.delete(name)
  const response = new HttpResponse(unchanged ? 304 : 200, headers, unchanged ? null : stored.body)
  return marked(response, `hit; ttl=${Math.ceil((stored.expiresAt - now) / 1000)}`)
}

function marked(response: HttpResponse, what: string): HttpResponse {
  response.headers.append('cache-status', `tutti; ${what}`)
  return response
}
