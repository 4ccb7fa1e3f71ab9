import { createMeter, type BoundHistogram, type Histogram } from '../observe/index.ts'
import type { MatchedRoute } from './matched-route.ts'

/** The methods that are told apart; whatever else clients say must not fill the memory. */
const knownMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'])

/** The method of a request as telemetry names it. */
export function shownMethod(method: string): string {
  return knownMethods.has(method) ? method : '_OTHER'
}

interface Active {
  readonly labels: Readonly<Record<string, string>>
  value: number
}

/** What is counted of requests, under the names of OpenTelemetry's conventions. */
export class RequestMetrics {
  readonly #durations: Histogram
  /** Bound histograms by route, and by method and status within it, for looking up labels costs more than counting. */
  readonly #bound = new Map<MatchedRoute | undefined, Map<string, Map<number, BoundHistogram>>>()
  readonly #active = new Map<string, Active>()

  constructor() {
    const meter = createMeter('tutti.http')
    this.#durations = meter.histogram('http.server.request.duration', {
      description: 'How long requests took until their response was complete',
      unit: 's',
    })
    meter.gauge('http.server.active_requests', () => this.#active.values(), {
      description: 'Requests that are being handled',
      unit: '{request}',
    })
  }

  begin(method: string): Active {
    const active = this.#active.get(method) ?? this.#addActive(method)
    active.value++
    return active
  }

  end(active: Active, request: { route: MatchedRoute | undefined; method: string; status: number; seconds: number }): void {
    active.value--
    this.#histogram(request).record(request.seconds)
  }

  #histogram({ route, method, status }: { route: MatchedRoute | undefined; method: string; status: number }): BoundHistogram {
    let ofRoute = this.#bound.get(route)
    if (ofRoute === undefined) this.#bound.set(route, (ofRoute = new Map()))
    let ofMethod = ofRoute.get(method)
    if (ofMethod === undefined) ofRoute.set(method, (ofMethod = new Map()))
    let histogram = ofMethod.get(status)
    if (histogram === undefined) {
      histogram = this.#durations.with({
        'http.request.method': method,
        ...(route !== undefined && { 'http.route': route.path }),
        'http.response.status_code': status,
        ...(status >= 500 && { 'error.type': String(status) }),
      })
      ofMethod.set(status, histogram)
    }
    return histogram
  }

  #addActive(method: string): Active {
    const active = { labels: { 'http.request.method': method }, value: 0 }
    this.#active.set(method, active)
    return active
  }
}

let metrics: RequestMetrics | undefined

/** Those of the process: applications in it count together. */
export function requestMetrics(): RequestMetrics {
  return (metrics ??= new RequestMetrics())
}
