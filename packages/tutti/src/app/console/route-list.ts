import type { MetricSnapshot } from '../../observe/index.ts'
import { toJsonSchema, type JsonSchema, type Schema } from '../../schema/index.ts'
import type { RouteInfo } from '../route-info.ts'
import type { ConsoleRoute } from './contract.ts'
import { tallyOf } from './measured.ts'

/** The routes of the application, with how often they were asked. */
export function routeList(routes: readonly RouteInfo[], metrics: readonly MetricSnapshot[]): readonly ConsoleRoute[] {
  return routes.map((route) => {
    const { method, path, module, tags, summary, options } = route
    const isOwn = (labels: Readonly<Record<string, unknown>>): boolean =>
      labels['http.route'] === path && (method === 'ALL' || labels['http.request.method'] === method)
    const duration = 'http.server.request.duration'
    return {
      method,
      path,
      module,
      tags,
      summary,
      deprecated: options.deprecated ?? false,
      guarded: options.guard !== undefined,
      params: described(options.params),
      query: described(options.query),
      headers: described(options.headers),
      body: bodyOf(options.body),
      responses: Object.fromEntries(
        Object.entries(options.response ?? {}).map(([status, schema]) => [status, described(schema, 'output')]),
      ),
      calls: tallyOf(metrics, duration, isOwn).count,
      errors: tallyOf(metrics, duration, (labels) => isOwn(labels) && 'error.type' in labels).count,
    }
  })
}

/** What a schema takes, or gives; `undefined` where it does not tell, or contradicts itself. */
export function described(schema: Schema | undefined, side: 'input' | 'output' = 'input'): JsonSchema | undefined {
  try {
    return schema && toJsonSchema(schema, side)
  } catch {
    return undefined
  }
}

function bodyOf(body: RouteInfo['options']['body']): JsonSchema | undefined {
  if (body === undefined) return undefined
  if ('~standard' in body) return described(body)
  return body.describe?.() ?? described(body.schema)
}
