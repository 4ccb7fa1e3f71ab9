import type { Method, Route, RouteOptions } from '../http/index.ts'

/** A route with the module that it came with. */
export interface PlacedRoute {
  readonly route: Route
  readonly module: string | undefined
}

/** What `app.routes()` tells of a route. */
export interface RouteInfo {
  readonly method: Method
  readonly path: string
  readonly version?: string
  readonly tags: readonly string[]
  readonly summary?: string
  /** The module it came with. */
  readonly module?: string
  readonly options: RouteOptions
}

/** What is told of a route. */
export function routeInfo({ route: { method, path, options }, module }: PlacedRoute): RouteInfo {
  return {
    method,
    path,
    options,
    tags: options.tags ?? [],
    ...(options.version !== undefined && { version: options.version }),
    ...(options.summary !== undefined && { summary: options.summary }),
    ...(module !== undefined && { module }),
  }
}
