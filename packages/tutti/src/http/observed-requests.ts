import { Readable } from 'node:stream'
import { TuttiError } from '../kernel/index.ts'
import { disabledSpan, secretTest, type Span, type SpanDescription, type SpanOptions, type Tracer } from '../observe/index.ts'
import { observe, type HttpContext, type Observation } from './context.ts'
import { isBodiless } from './engine/write.ts'
import { otherMethod, requestMetrics, type ActiveRequests, type RequestMetrics } from './request-metrics.ts'
import type { HttpResponse } from './response.ts'
import { rawHeader } from './source.ts'
import type { HttpTelemetry } from './telemetry-options.ts'

/** Makes a span of each request and counts it. */
export class RequestObserver {
  readonly #telemetry: HttpTelemetry
  readonly #excluded: ReadonlySet<string>
  readonly #below: readonly string[]
  /** The characters behind the first `/` of excluded paths: few requests need a closer look. */
  readonly #beginnings: ReadonlySet<number>
  readonly #metrics = requestMetrics()

  constructor(telemetry: HttpTelemetry) {
    this.#telemetry = telemetry
    this.#excluded = new Set(telemetry.exclude)
    this.#below = telemetry.exclude.map((path) => `${path}/`)
    this.#beginnings = new Set(telemetry.exclude.map((path) => path.charCodeAt(1)))
  }

  /** Begins to observe a request, from its context on. */
  begin(ctx: HttpContext): Observation {
    const { tracer } = this.#telemetry
    const request = new ObservedRequest(ctx, this.#metrics, tracer.enabled && this.#isExcluded(ctx.path))
    if (tracer.enabled) request.open(tracer)
    ctx[observe] = request
    return request
  }

  #isExcluded(path: string): boolean {
    if (!this.#beginnings.has(path.charCodeAt(1))) return false
    if (this.#excluded.has(path)) return true
    for (const prefix of this.#below) if (path.startsWith(prefix)) return true
    return false
  }
}

/** One request as telemetry sees it: its own options of its span, so that few objects are made for it. */
class ObservedRequest implements SpanOptions, Observation {
  readonly silent: boolean
  span: Span = disabledSpan
  readonly #ctx: HttpContext
  readonly #metrics: RequestMetrics
  readonly #active: ActiveRequests
  readonly start = performance.now()
  #status = 0

  constructor(ctx: HttpContext, metrics: RequestMetrics, silent: boolean) {
    this.#ctx = ctx
    this.#metrics = metrics
    this.silent = silent
    this.#active = metrics.active(ctx.method)
    if (!silent) this.#active.value++
  }

  get kind(): 'server' {
    return 'server'
  }

  open(tracer: Tracer): void {
    this.span = tracer.startSpan(this.#name, this)
  }

  /** Ends with the response, or once a body that streams is through. */
  end(response: HttpResponse): HttpResponse {
    const { body, status } = response
    this.#status = status
    if (body instanceof Readable && !body.closed && this.#ctx.method !== 'HEAD' && !isBodiless(status))
      body.once('close', () => this.#close(body.errored))
    else this.#close(null)
    return response
  }

  describe(): SpanDescription {
    const ctx = this.#ctx
    const { route, source } = ctx
    const { protocol, ip } = ctx
    const { host, port } = splitHost(ctx.host)
    return {
      name: route === undefined ? this.#name : `${this.#name} ${route.path}`,
      attributes: {
        'http.request.method': this.#active.method,
        'http.request.method_original': this.#active.method === ctx.method ? undefined : ctx.method,
        'url.path': ctx.path,
        'url.query': ctx.queryString === '' ? undefined : withoutSecrets(ctx.queryString),
        'url.scheme': protocol,
        'http.route': route?.path,
        'http.response.status_code': this.#status,
        'error.type': this.#status < 500 ? undefined : errorType(ctx.error, this.#status),
        'server.address': host,
        'server.port': port ?? (protocol === 'https' ? 443 : 80),
        'client.address': ip === '' ? undefined : ip,
        'user_agent.original': rawHeader(source.rawHeaders, 'user-agent'),
        'network.protocol.version': source.httpVersion === '2.0' ? '2' : source.httpVersion,
        'tutti.request.id': ctx.id,
        'tutti.tenant': ctx.tenant,
      },
    }
  }

  get #name(): string {
    return this.#active.method === otherMethod ? 'HTTP' : this.#active.method
  }

  #close(error: unknown): void {
    const { span } = this
    const failure = error ?? (this.#status >= 500 ? this.#ctx.error : null)
    if (failure !== null && failure !== undefined) span.recordError(failure)
    else if (this.#status >= 500) span.setStatus('error')
    const end = performance.now()
    span.end(end)
    // What looks at the application is not what it is there for.
    if (this.silent) return
    this.#active.value--
    this.#metrics.histogram(this.#ctx.route, this.#active.method, this.#status).record((end - this.start) / 1000)
  }
}

/** A `Host` in its parts. */
interface HostParts {
  readonly whole: string
  readonly host: string
  readonly port: number | undefined
}

let lastHost: HostParts = { whole: '', host: '', port: undefined }

/** The parts of a `Host`. Those of the last one are at hand: most requests name the same. */
function splitHost(whole: string): HostParts {
  if (whole === lastHost.whole) return lastHost
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(whole) ?? []
  return (lastHost = { whole, host, port: port === undefined ? undefined : Number(port) })
}

const isSecret = secretTest()

/** A query whose parameters with the names of secrets are hidden. */
function withoutSecrets(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals > 0 && isSecret(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=REDACTED` : pair
    })
    .join('&')
}

function errorType(error: unknown, status: number): string {
  if (error instanceof TuttiError) return error.code
  return error instanceof Error ? error.name : String(status)
}
