import { createMeter, type BoundHistogram, type Histogram } from '../observe/index.ts'
import type { MatchedRoute } from './matched-route.ts'

/** How OpenTelemetry's conventions call a method that they do not know. */
export const otherMethod = '_OTHER'

/** The methods that are told apart; whatever else clients say must not fill the memory. */
const knownMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
  otherMethod,
])

/** How many requests of a method are being handled. */
export interface ActiveRequests {
  /** The method as telemetry names it. */
  readonly method: string
  readonly labels: Readonly<Record<string, string>>
  value: number
}

/** The histograms of a route, bound: looking up labels costs more than counting. The one that was used last is at hand. */
interface OfRoute {
  method: string
  status: number
  histogram: BoundHistogram | undefined
  readonly all: Map<string, BoundHistogram>
}

/** What is counted of requests, under the names of OpenTelemetry's conventions. */
export class RequestMetrics {
  readonly #durations: Histogram
  readonly #bound = new Map<MatchedRoute | undefined, OfRoute>()
  readonly #active = new Map<string, ActiveRequests>()

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

  active(method: string): ActiveRequests {
    const known = this.#active.get(method)
    if (known !== undefined) return known
    if (!knownMethods.has(method)) return this.active(otherMethod)
    const active = { method, labels: { 'http.request.method': method }, value: 0 }
    this.#active.set(method, active)
    return active
  }

  histogram(route: MatchedRoute | undefined, method: string, status: number): BoundHistogram {
    let found = this.#bound.get(route)
    if (found === undefined) this.#bound.set(route, (found = { method, status, histogram: undefined, all: new Map() }))
    if (found.histogram !== undefined && found.status === status && found.method === method) return found.histogram
    const key = `${method} ${status}`
    const histogram = found.all.get(key) ?? this.#bind(route, method, status)
    found.all.set(key, histogram)
    return Object.assign(found, { method, status, histogram }).histogram
  }

  #bind(route: MatchedRoute | undefined, method: string, status: number): BoundHistogram {
    return this.#durations.with({
      'http.request.method': method,
      ...(route !== undefined && { 'http.route': route.path }),
      'http.response.status_code': status,
      ...(status >= 500 && { 'error.type': String(status) }),
    })
  }
}

let metrics: RequestMetrics | undefined

/** Those of the process: applications in it count together. */
export function requestMetrics(): RequestMetrics {
  return (metrics ??= new RequestMetrics())
}
