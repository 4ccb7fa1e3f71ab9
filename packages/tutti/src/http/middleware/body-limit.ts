import { bytes, type Size } from '../../kernel/index.ts'
import type { Middleware } from '../middleware.ts'

const marker: unique symbol = Symbol('bodyLimit')

/**
 * Sets the largest request body for everything inside: an application, a router, a route. The smallest scope decides: a route's own
 * `bodyLimit` option or body reader before any middleware, the innermost middleware before those around it and before the option of a
 * router further out, and the application's `http.bodyLimit` last. Nothing is read here: a larger body is refused (413) when a route
 * reads it, before any of it is buffered where its length is announced.
 */
export function bodyLimit(size: Size): Middleware {
  const limit = bytes(size)
  const middleware: Middleware = async function bodyLimit(ctx, next) {
    ctx.bodyLimit = limit
    return next()
  }
  return Object.assign(middleware, { [marker]: true })
}

/** Whether a middleware was made by `bodyLimit`. */
export function setsBodyLimit(middleware: Middleware): boolean {
  return marker in middleware
}
