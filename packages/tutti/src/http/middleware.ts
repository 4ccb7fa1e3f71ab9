import { TuttiError } from '../kernel/index.ts'
import type { HttpContext } from './context.ts'
import type { HttpResponse } from './response.ts'

/** Goes on to the next middleware and in the end to the route. Resolves with the response that the client would get; it never rejects. */
export type Next = () => Promise<HttpResponse>

/**
 * Wraps the handling of requests. What it returns is the response: what `next()` gave, changed or not, or anything that a handler may
 * return. Returning nothing keeps what `next()` gave. Errors have become responses when `next()` resolves; `ctx.error` holds what was thrown.
 */
export type Middleware = (ctx: HttpContext, next: Next) => unknown

/** Turns something thrown into an answer, or returns `undefined` to leave it to the next mapper and in the end to the problem document. */
export type ErrorMapper = (error: unknown, ctx: HttpContext) => unknown

/** Handles a request completely; never throws. */
export type Handle = (ctx: HttpContext) => HttpResponse | Promise<HttpResponse>

/** How the result of a middleware becomes a response. */
export interface Finish {
  (value: unknown, ctx: HttpContext): HttpResponse | Promise<HttpResponse>
}

/** How something thrown becomes a response. */
export interface Fail {
  (error: unknown, ctx: HttpContext): HttpResponse | Promise<HttpResponse>
}

/** Wraps `core` in the middleware, the first one outermost. */
export function compose(middleware: readonly Middleware[], core: Handle, ends: { readonly finish: Finish; readonly fail: Fail }): Handle {
  return middleware.reduceRight<Handle>((inner, layer) => wrap(layer, inner, ends), core)
}

function wrap(layer: Middleware, inner: Handle, { finish, fail }: { readonly finish: Finish; readonly fail: Fail }): Handle {
  return async function handle(ctx) {
    let downstream: Promise<HttpResponse> | undefined
    const next: Next = () => {
      if (downstream !== undefined) {
        throw new TuttiError(
          'TUTTI_MIDDLEWARE_NEXT_TWICE',
          `The middleware ${layer.name || '(anonymous)'} called next() twice in one request; call it once.`,
        )
      }
      downstream = Promise.resolve(inner(ctx))
      return downstream
    }
    try {
      const result = await layer(ctx, next)
      if (result !== undefined) return await finish(result, ctx)
      if (downstream !== undefined) return await downstream
      throw new TuttiError(
        'TUTTI_MIDDLEWARE_NO_RESPONSE',
        `The middleware ${layer.name || '(anonymous)'} neither called next() nor returned a response; return reply(204) for an empty one.`,
      )
    } catch (error) {
      return fail(error, ctx)
    }
  }
}
