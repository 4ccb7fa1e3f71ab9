import {
  bodyEncodings,
  checkOperationIds,
  HttpApplication,
  jsonEncoder,
  loadSockets,
  TrustedProxies,
  type ErrorMapper,
  type HttpContext,
  type HttpServices,
  type Middleware,
  type Mount,
  type Route,
  type SocketRoute,
} from '../http/index.ts'
import { bytes } from '../kernel/index.ts'
import { routesOfDocs, type OpenApiChange } from './docs.ts'
import { routesOfMetrics } from './metrics.ts'
import type { AppOptions } from './options.ts'
import type { Probes } from './probes.ts'

/** What an application has collected for HTTP. */
export interface HttpParts {
  /** What requests share with the rest of the application. */
  readonly services: Pick<
    HttpServices<HttpContext>,
    'log' | 'clock' | 'dependencies' | 'background' | 'verbs' | 'storage' | 'responses' | 'telemetry'
  >
  readonly routes: readonly Route[]
  readonly sockets: readonly SocketRoute[]
  readonly middleware: readonly Middleware[]
  readonly errorMappers: readonly ErrorMapper[]
  readonly documentChanges: readonly OpenApiChange[]
  readonly probes: Probes
  /** What answers below paths of its own. */
  readonly mounts: (routes: readonly Route[]) => readonly Mount[]
}

/** Compiles what an application has collected, its documentation and probes included. */
export async function compileHttp(name: string, options: AppOptions, parts: HttpParts): Promise<HttpApplication> {
  const http = options.http ?? {}
  const constraints = http.constraints && { constraints: http.constraints }
  const services: HttpServices<HttpContext> = {
    ...parts.services,
    ...constraints,
    proxies: new TrustedProxies(http.trustProxy),
    cookieKeys: http.cookieKeys ?? [],
    encoders: [jsonEncoder, ...(http.encoders ?? [])],
    bodyLimit: bytes(http.bodyLimit ?? '1mb'),
    bodyEncodings: http.bodyEncodings ?? bodyEncodings,
    validateResponses: http.validateResponses ?? process.env['NODE_ENV'] !== 'production',
  }
  const { routes, sockets, middleware, errorMappers, documentChanges, probes } = parts
  checkOperationIds(routes)
  const mediaTypes = services.encoders.map((encoder) => encoder.mediaType)
  const docs = routesOfDocs(options.docs, { name, routes, mediaTypes, changes: documentChanges })
  const compiled = {
    routes: [...routes, ...docs, ...probes.routes(routes), ...routesOfMetrics(options.telemetry, routes)],
    middleware,
    errorMappers,
    mounts: parts.mounts(routes),
    ...constraints,
    ...(sockets.length > 0 && { sockets: await loadSockets(sockets) }),
  }
  return new HttpApplication(compiled, services)
}
