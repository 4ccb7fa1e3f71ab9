import { HttpHeaders, HttpResponse, type Guard, type HttpContext, type Route } from '../http/index.ts'
import { metricsPath, type MetricsOptions } from './metrics-options.ts'
import type { TelemetryOptions } from './telemetry-options.ts'

const mediaTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const

/** The page of metrics on the port of the application, unless that answers the path itself. */
export function routesOfMetrics(telemetry: boolean | TelemetryOptions | undefined, others: readonly Route[]): Route[] {
  const options = wantedMetrics(telemetry)
  if (options === undefined || options.port !== undefined) return []
  const page = metricsPage(options)
  return others.some(({ method, path }) => path === page.path && (method === 'GET' || method === 'ALL')) ? [] : [page]
}

/** The page of metrics on a port of its own, where that is wanted. */
export function metricsListener(
  telemetry: boolean | TelemetryOptions | undefined,
): { readonly port: number; readonly host: string; readonly page: Route } | undefined {
  const options = wantedMetrics(telemetry)
  if (options?.port === undefined) return undefined
  return { port: options.port, host: options.host ?? '127.0.0.1', page: metricsPage(options) }
}

/** In production nobody may read what nobody has decided to show. */
function wantedMetrics(telemetry: boolean | TelemetryOptions = true): MetricsOptions | undefined {
  if (telemetry === false) return undefined
  const { metrics = process.env['NODE_ENV'] !== 'production' } = telemetry === true ? {} : telemetry
  if (metrics === false) return undefined
  return metrics === true ? {} : metrics
}

function metricsPage(options: MetricsOptions): Route {
  const { token } = options
  const handler = async (ctx: HttpContext): Promise<HttpResponse> => {
    // Whoever knows OpenMetrics prefers it.
    const format = ctx.headers.accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'text'
    const { metricsText } = await import('./metrics-text.ts')
    const headers = new HttpHeaders(['content-type', mediaTypes[format], 'cache-control', 'no-store'])
    return new HttpResponse(200, headers, await metricsText(format))
  }
  const guard = token === undefined ? {} : { guard: bearerGuard(token) }
  return {
    method: 'GET',
    path: metricsPath(options),
    options: { hidden: true, summary: 'Metrics', ...guard },
    middleware: [],
    handler,
    outside: true,
  }
}

function bearerGuard(token: string): Guard {
  return (ctx) => {
    const given = /^Bearer +(\S+)$/i.exec(ctx.headers.authorization ?? '')?.[1]
    // Digests are of one length, and comparing them takes the same time whatever was sent.
    return given !== undefined && process.getBuiltinModule('node:crypto').timingSafeEqual(digest(given), digest(token))
  }
}

function digest(token: string): Buffer {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(token).digest()
}
