import { bytes, type Dependency } from '../kernel/index.ts'
import type { Schema } from '../schema/index.ts'
import { anyReader, structured } from './body/auto.ts'
import { checkAnnounced, hasBody } from './body/collect.ts'
import { isBodyReader, type BodyReader } from './body/reader.ts'
import { fill, services as servicesKey, type HttpContext } from './context.ts'
import { enforce } from './guard.ts'
import { compose, type Fail, type Handle } from './middleware.ts'
import { cacheBehindGuard } from './middleware/cache.ts'
import { timeout } from './middleware/timeout.ts'
import { compileParts } from './request-parts.ts'
import { respond } from './respond.ts'
import { compileRules } from './response-rules.ts'
import type { HttpResponse } from './response.ts'
import type { Route } from './route.ts'
import type { HttpServices } from './services.ts'

type Step = (ctx: HttpContext) => void | Promise<void>

/** Compiles a route, once, into the function that handles its requests: guard, body, schemas, dependencies, handler, response. */
export function compileRoute(route: Route, shared: HttpServices<HttpContext>, fail: Fail): Handle {
  const { options } = route
  const rules = compileRules(route, { validate: shared.validateResponses })
  const handler = route.handler as (ctx: HttpContext) => unknown
  const steps = compileSteps(route)
  const finish = (value: unknown, ctx: HttpContext): HttpResponse | Promise<HttpResponse> => respond(value, ctx, rules)
  const inner = plain(handler, finish, fail)
  const handled = steps.length === 0 ? inner : stepped(steps, inner, fail)
  const cached = options.cache === undefined ? handled : compose([cacheBehindGuard(options.cache)], handled, { finish, fail })
  const { guard } = options
  // The guard stands in front of the cache: what is kept is only for those that may ask.
  const core = guard === undefined ? cached : stepped([(ctx) => enforce(guard, ctx)], cached, fail)
  const layers = [...(options.timeout === undefined ? [] : [timeout(options.timeout)]), ...route.middleware]
  return layers.length === 0 ? core : compose(layers, core, { finish, fail })
}

function plain(
  handler: (ctx: HttpContext) => unknown,
  finish: (value: unknown, ctx: HttpContext) => HttpResponse | Promise<HttpResponse>,
  fail: Fail,
): Handle {
  const settle = (value: unknown, ctx: HttpContext): HttpResponse | Promise<HttpResponse> => {
    try {
      const response = finish(value, ctx)
      return response instanceof Promise ? response.catch((error: unknown) => fail(error, ctx)) : response
    } catch (error) {
      return fail(error, ctx)
    }
  }
  // Not an async function: while a handler works it would keep twice the memory.
  const finishLater = (value: PromiseLike<unknown>, ctx: HttpContext): Promise<HttpResponse> =>
    Promise.resolve(value).then(
      (settled) => settle(settled, ctx),
      (error: unknown) => fail(error, ctx),
    )
  return (ctx) => {
    try {
      const value = handler(ctx)
      return isThenable(value) ? finishLater(value, ctx) : settle(value, ctx)
    } catch (error) {
      return fail(error, ctx)
    }
  }
}

function stepped(steps: readonly Step[], core: Handle, fail: Fail): Handle {
  const first = steps[0] as Step
  const rest = steps.slice(1)
  const more = async (ctx: HttpContext, pending: Promise<void>, index: number): Promise<HttpResponse> => {
    try {
      await pending
      // Awaiting what is there already would cost a turn of the microtask queue each time.
      for (let i = index; i < rest.length; i++) {
        const next = (rest[i] as Step)(ctx)
        if (next !== undefined) await next
      }
      const response = core(ctx)
      return response instanceof Promise ? await response : response
    } catch (error) {
      return fail(error, ctx)
    }
  }
  return (ctx) => {
    try {
      const pending = first(ctx)
      if (pending !== undefined) return more(ctx, pending, 0)
      for (let i = 0; i < rest.length; i++) {
        const next = (rest[i] as Step)(ctx)
        if (next !== undefined) return more(ctx, next, i + 1)
      }
      return core(ctx)
    } catch (error) {
      return fail(error, ctx)
    }
  }
}

/** What is done between a route's guard and its handler: body, schemas, dependencies. */
export function compileSteps(route: Route): Step[] {
  const { params, query, headers, cookies, deps } = route.options
  const body = bodyOf(route)
  const check = compileParts({
    ...(params && { params }),
    ...(query && { query }),
    ...(headers && { headers }),
    ...(cookies && { cookies }),
    ...(body?.schema && { body: body.schema }),
  })
  const steps: Step[] = []
  if (body !== undefined)
    steps.push(readBody(body.reader, route.options.bodyLimit === undefined ? body.reader.limit : bytes(route.options.bodyLimit)))
  if (check !== undefined) steps.push(check)
  if (deps !== undefined && Object.keys(deps).length > 0) steps.push(resolveDeps(deps))
  return steps
}

function bodyOf(route: Route): { readonly reader: BodyReader<unknown>; readonly schema?: Schema } | undefined {
  const { body } = route.options
  if (body === undefined)
    return route.method === 'GET' || route.method === 'HEAD' || route.method === 'OPTIONS' ? undefined : { reader: anyReader }
  if (isBodyReader(body)) return { reader: body, ...(body.schema && { schema: body.schema }) }
  return { reader: structured(body), schema: body }
}

/** `own` is the limit that the route itself sets: it goes before those of the scopes around it. */
function readBody(reader: BodyReader<unknown>, own: number | undefined): Step {
  const { empty } = reader
  return (ctx) => {
    if (!hasBody(ctx.source)) {
      if (empty !== undefined) ctx[fill]('body', empty())
      return
    }
    const limit = own ?? ctx.bodyLimit ?? ctx[servicesKey].bodyLimit
    checkAnnounced(ctx.source, limit)
    const value = reader.read(ctx, limit)
    if (value instanceof Promise) return value.then((settled: unknown) => ctx[fill]('body', settled))
    ctx[fill]('body', value)
  }
}

function resolveDeps(deps: Readonly<Record<string, Dependency<unknown, HttpContext>>>): Step {
  const scoped = Object.values(deps).some((dependency) => dependency.scope !== 'app')
  return (ctx) => {
    const resolved = ctx[servicesKey].dependencies.resolveAll(deps, scoped ? ctx.scope : undefined)
    if (resolved instanceof Promise) return resolved.then((values) => ctx[fill]('deps', values))
    ctx[fill]('deps', resolved)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
