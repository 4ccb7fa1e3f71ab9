import { Readable } from 'node:stream'
import { HttpContext, observe } from './context.ts'
import { HttpError } from './errors.ts'
import { compose, type ErrorMapper, type Fail, type Handle, type Middleware } from './middleware.ts'
import { Matcher, type ConstraintOf } from './matcher.ts'
import { RequestObserver } from './observed-requests.ts'
import { compileRoute } from './pipeline.ts'
import { errorResponse } from './problem.ts'
import { noRules, respond } from './respond.ts'
import { HttpResponse } from './response.ts'
import { withMounts, type Mount } from './mount.ts'
import type { Route } from './route.ts'
import type { HttpServices } from './services.ts'
import { rawHeader, type HttpExchange, type HttpSource } from './source.ts'
import { upgradeRequired } from './websocket/required.ts'
import type { SocketServer, UpgradeHost } from './websocket/server.ts'

/** What an HTTP application is compiled from. */
export interface HttpApplicationParts {
  readonly routes: readonly Route[]
  /** Around everything, the first one outermost. */
  readonly middleware: readonly Middleware[]
  readonly errorMappers: readonly ErrorMapper[]
  /** What answers below paths of its own, outside of middleware. @default none */
  readonly mounts?: readonly Mount[]
  readonly constraints?: Readonly<Record<string, ConstraintOf>>
  /** Makes the server of the WebSocket routes, where there are any. */
  readonly sockets?: (host: UpgradeHost) => SocketServer
}

/** Routes and middleware compiled once into one function per request; knows nothing of sockets. */
export class HttpApplication {
  readonly services: HttpServices<HttpContext>
  /** Takes connections over that become WebSockets; `undefined` where no route wants any. */
  readonly upgrades: SocketServer | undefined
  readonly #matcher: Matcher
  readonly #handle: Handle
  readonly #fail: Fail
  readonly #observer: RequestObserver | undefined

  /** Compiles. Throws for routes that are declared twice or cannot work. */
  constructor(parts: HttpApplicationParts, services: HttpServices<HttpContext>) {
    this.services = services
    this.#observer = services.telemetry && new RequestObserver(services.telemetry)
    this.#fail = failWith(parts.errorMappers)
    const fail = this.#fail
    this.#matcher = new Matcher(
      parts.routes.map((route) => ({ route, handle: compileRoute(route, services, fail) })),
      parts.constraints,
    )
    const core: Handle = (ctx) => this.#route(ctx)
    const finish = (value: unknown, ctx: HttpContext): HttpResponse | Promise<HttpResponse> => respond(value, ctx, noRules)
    const outside = new Set(parts.routes.flatMap((route) => (route.outside === true ? [route.path] : [])))
    const inside = parts.middleware.length === 0 ? core : compose(parts.middleware, core, { finish, fail })
    const all: Handle = inside === core || outside.size === 0 ? inside : (ctx) => (outside.has(ctx.path) ? core(ctx) : inside(ctx))
    this.#handle = withMounts(parts.mounts ?? [], all, { services, fail })
    this.upgrades = parts.sockets?.({
      services,
      fail,
      constraints: parts.constraints,
      handle: this.handle,
      open: (source, exchange) => this.open(source, exchange),
      around: (inner) => {
        const handle = this.#completing(compose(parts.middleware, inner, { finish, fail }))
        return (ctx) => this.#observed(handle, ctx)
      },
    })
  }

  /** Opens the context of a request. */
  open(source: HttpSource, exchange: HttpExchange): HttpContext {
    return new HttpContext(source, exchange, this.services)
  }

  /** Handles a request completely; never throws. */
  readonly handle: Handle = (ctx) => this.#observed(this.#complete, ctx)

  /** Has a request handled by what ends its observation. */
  #observed(handle: Handle, ctx: HttpContext): HttpResponse | Promise<HttpResponse> {
    return this.#observer === undefined ? handle(ctx) : this.#observer.begin(ctx).span.activate(handle, ctx)
  }

  readonly #complete: Handle = (ctx) => {
    try {
      const response = this.#handle(ctx)
      if (!(response instanceof Promise)) return ended(leave(complete(response, ctx), ctx), ctx)
      return response.then(
        (settled) => this.#finish(settled, ctx),
        (error: unknown) => this.#failed(error, ctx),
      )
    } catch (error) {
      return this.#failed(error, ctx)
    }
  }

  #completing(handle: Handle): Handle {
    return async (ctx) => {
      try {
        return ended(complete(await handle(ctx), ctx), ctx)
      } catch (error) {
        return this.#failed(error, ctx)
      }
    }
  }

  #finish(response: HttpResponse, ctx: HttpContext): HttpResponse | Promise<HttpResponse> {
    try {
      return ended(leave(complete(response, ctx), ctx), ctx)
    } catch (error) {
      return this.#failed(error, ctx)
    }
  }

  #failed(error: unknown, ctx: HttpContext): HttpResponse | Promise<HttpResponse> {
    return ended(this.#fail(error, ctx), ctx)
  }

  #route(ctx: HttpContext): HttpResponse | Promise<HttpResponse> {
    const { source, method, path } = ctx
    let found = this.#matcher.find(method, source, path)
    if (found === 'none' && method === 'HEAD') found = this.#matcher.find('GET', source, path)
    if (typeof found === 'string') return this.#miss(ctx, found)
    ctx.route = found.target.route
    if (found.params !== undefined) ctx.pathParams = found.params
    return found.target.handle(ctx)
  }

  /** A CORS preflight passes the middleware of the route that it asks about: its router's or its own `cors` answers it. */
  #preflight(ctx: HttpContext, response: HttpResponse): HttpResponse | Promise<HttpResponse> {
    const method = rawHeader(ctx.source.rawHeaders, 'access-control-request-method')
    if (method === undefined) return response
    const found = this.#matcher.find(method, ctx.source, ctx.path)
    if (typeof found === 'string' || found.target.route.middleware.length === 0) return response
    ctx.route = found.target.route
    if (found.params !== undefined) ctx.pathParams = found.params
    const finish = (value: unknown): HttpResponse | Promise<HttpResponse> => respond(value, ctx, noRules)
    return compose(found.target.route.middleware, () => response, { finish, fail: this.#fail })(ctx)
  }

  #miss(ctx: HttpContext, reason: 'none' | 'bad-path'): HttpResponse | Promise<HttpResponse> {
    if (reason === 'bad-path')
      return this.#fail(
        new HttpError('TUTTI_PATH_MALFORMED', `The path ${JSON.stringify(ctx.path)} is not valid percent-encoded UTF-8.`, { status: 400 }),
        ctx,
      )
    const allowed = this.#matcher.allowed(ctx.source, ctx.path)
    if (allowed.length === 0 && ctx.method === 'GET' && this.upgrades?.answers(ctx.source, ctx.path) === true)
      return this.#fail(upgradeRequired(ctx.path), ctx)
    if (allowed.length === 0)
      return this.#fail(new HttpError('TUTTI_ROUTE_NOT_FOUND', `Nothing answers ${ctx.method} ${ctx.path}.`, { status: 404 }), ctx)
    const allow = (allowed.includes('OPTIONS') ? allowed : [...allowed, 'OPTIONS']).join(', ')
    if (ctx.method === 'OPTIONS') {
      const response = HttpResponse.empty(204)
      response.headers.set('allow', allow)
      return this.#preflight(ctx, response)
    }
    return this.#fail(
      new HttpError('TUTTI_METHOD_NOT_ALLOWED', `${ctx.path} does not answer ${ctx.method}; it answers ${allow}.`, {
        status: 405,
        headers: { allow },
      }),
      ctx,
    )
  }
}

/** Ends the request's scope, where dependencies live in it: before the response is sent, or behind a stream that may use them. */
function leave(response: HttpResponse, ctx: HttpContext): HttpResponse | Promise<HttpResponse> {
  const scope = ctx.openScope
  if (scope === undefined) return response
  const dispose = async (): Promise<void> => {
    try {
      await scope.dispose()
    } catch (error) {
      ctx.log.error('A dependency of a request could not be disposed of.', { error, requestId: ctx.id })
    }
  }
  if (!(response.body instanceof Readable)) return dispose().then(() => response)
  response.body.once('close', () => void dispose())
  return response
}

/** Ends the request's observation, where it is observed. */
function ended(response: HttpResponse | Promise<HttpResponse>, ctx: HttpContext): HttpResponse | Promise<HttpResponse> {
  const observation = ctx[observe]
  if (observation === undefined) return response
  return response instanceof Promise ? response.then((settled) => observation.end(settled)) : observation.end(response)
}

/** Adds what was put into `ctx.responseHeaders`. */
function complete(response: HttpResponse, ctx: HttpContext): HttpResponse {
  if (!ctx.hasResponseHeaders) return response
  for (const [name, value] of ctx.responseHeaders) {
    if (name === 'set-cookie') response.headers.append(name, value)
    else if (name === 'vary') for (const item of value.split(/\s*,\s*/)) response.headers.vary(item)
    else response.headers.set(name, value)
  }
  return response
}

function failWith(mappers: readonly ErrorMapper[]): Fail {
  return function fail(error, ctx) {
    ctx.error = error
    if (mappers.length === 0) return errorResponse(error, ctx)
    return mapError(error, ctx, mappers)
  }
}

async function mapError(error: unknown, ctx: HttpContext, mappers: readonly ErrorMapper[]): Promise<HttpResponse> {
  try {
    for (const mapper of mappers) {
      const answer = await mapper(error, ctx)
      if (answer !== undefined) return await respond(answer, ctx, noRules)
    }
  } catch (failure) {
    ctx.log.error('An error mapper failed; the error it was to map is answered as it is.', { error: failure })
  }
  return errorResponse(error, ctx)
}
