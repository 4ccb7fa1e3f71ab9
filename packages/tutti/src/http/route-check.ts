import { OptionError } from '../kernel/index.ts'
import { isSchema } from '../schema/index.ts'
import type { RouteOptions } from './route.ts'

// A record over all keys, so that a new option that is not listed here does not compile.
const known: Readonly<Record<keyof RouteOptions, true>> = {
  params: true,
  query: true,
  headers: true,
  cookies: true,
  body: true,
  response: true,
  deps: true,
  rejections: true,
  guard: true,
  use: true,
  timeout: true,
  cache: true,
  bodyLimit: true,
  version: true,
  constraints: true,
  summary: true,
  description: true,
  tags: true,
  operationId: true,
  deprecated: true,
  examples: true,
  hidden: true,
}

/** Throws an `OptionError` for a route that cannot be what its author meant. */
export function checkRoute(
  method: string,
  path: string,
  { options, handler }: { readonly options: unknown; readonly handler: unknown },
): void {
  const name = `${method} ${String(path)}`
  if (typeof path !== 'string' || !(path.startsWith('/') || path === '')) {
    throw new OptionError(`${name}: received the path ${JSON.stringify(path)}; wanted one that begins with "/", such as "/users/:id".`, {
      code: 'TUTTI_ROUTE_INVALID',
    })
  }
  if (typeof handler !== 'function') {
    throw new OptionError(`${name}: received ${typeof handler} as the handler; wanted a function.`, { code: 'TUTTI_ROUTE_INVALID' })
  }
  if (typeof options !== 'object' || options === null) {
    throw new OptionError(`${name}: received ${String(options)} as options; wanted an object.`, { code: 'TUTTI_ROUTE_INVALID' })
  }
  for (const key of Object.keys(options)) {
    if (!(key in known)) {
      throw new OptionError(`${name}: the option ${JSON.stringify(key)} does not exist; known are ${Object.keys(known).join(', ')}.`, {
        code: 'TUTTI_OPTION_UNKNOWN',
      })
    }
  }
  for (const part of ['params', 'query', 'headers', 'cookies'] as const) {
    const schema: unknown = (options as RouteOptions)[part]
    if (schema !== undefined && !isSchema(schema)) {
      throw new OptionError(`${name}: ${part} is not a schema; wanted any Standard Schema, such as z.object({ … }).`, {
        code: 'TUTTI_ROUTE_INVALID',
      })
    }
  }
}
