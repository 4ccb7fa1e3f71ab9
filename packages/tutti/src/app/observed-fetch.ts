import { currentContext } from '../kernel/index.ts'
import { ambientTracer, createMeter, formatBaggage, formatTraceparent, type Span } from '../observe/index.ts'

/** A request as Node's `fetch`, and every other user of undici, tells of it. */
interface OutgoingRequest {
  readonly origin?: unknown
  readonly path?: string
  readonly method?: string
  /** Lines of text in older versions, names and values in turn in newer ones. */
  readonly headers?: string | readonly unknown[]
  addHeader?(name: string, value: string): unknown
}

interface Outgoing {
  readonly span: Span
  readonly start: number
  readonly method: string
  readonly server: string
  status: number | undefined
}

const tracer = ambientTracer('tutti.fetch')
/** How many subscribe; one subscription serves all applications of the process. */
let users = 0
let requests = new WeakMap<object, Outgoing>()

const listeners: Readonly<Record<string, (message: unknown) => void>> = {
  'undici:request:create': guarded(begin),
  'undici:request:headers': guarded(answered),
  'undici:request:trailers': guarded((message) => end(message.request)),
  'undici:request:error': guarded((message) => end(message.request, message.error ?? new Error('The request failed.'))),
}

/**
 * Makes a span of each request that work in a span sends by `fetch`, and hands the trace and the baggage on, until it is disposed of. What
 * is sent outside of such work is left alone.
 */
export function observeFetch(): Disposable {
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel')
  if (users++ === 0) for (const [channel, listener] of Object.entries(listeners)) subscribe(channel, listener)
  let disposed = false
  return {
    [Symbol.dispose]: () => {
      if (disposed) return
      disposed = true
      if (--users > 0) return
      for (const [channel, listener] of Object.entries(listeners)) unsubscribe(channel, listener)
      requests = new WeakMap()
    },
  }
}

interface Message {
  readonly request: OutgoingRequest
  readonly response?: { readonly statusCode?: unknown }
  readonly error?: unknown
}

/** Whatever goes wrong in here must not become the problem of the request. */
function guarded(listener: (message: Message) => void): (message: unknown) => void {
  return (message) => {
    try {
      // Told by the channel's documentation; what differs in another version is caught.
      listener(message as Message)
    } catch {
      // The request goes on unobserved.
    }
  }
}

function begin({ request }: Message): void {
  // Somebody else, such as an instrumentation of OpenTelemetry, observes it already.
  if (!tracer.enabled || hasHeader(request, 'traceparent')) return
  const { method = 'GET', path = '/' } = request
  const url = new URL(path, String(request.origin))
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const span = tracer.startSpan(method, {
    kind: 'client',
    attributes: {
      'http.request.method': method,
      'server.address': url.hostname,
      'server.port': port,
      // A query may hold anybody's data.
      'url.full': `${url.origin}${url.pathname}`,
    },
  })
  requests.set(request, { span, start: performance.now(), method, server: url.hostname, status: undefined })
  const { context } = span
  if (context === undefined) return
  request.addHeader?.('traceparent', formatTraceparent(context))
  if (context.state !== undefined) request.addHeader?.('tracestate', context.state)
  const baggage = currentContext()?.baggage
  if (baggage !== undefined && !hasHeader(request, 'baggage')) request.addHeader?.('baggage', formatBaggage(baggage))
}

function answered({ request, response }: Message): void {
  const outgoing = requests.get(request)
  const status = response?.statusCode
  if (outgoing === undefined || typeof status !== 'number') return
  outgoing.status = status
  outgoing.span.setAttribute('http.response.status_code', status)
  if (status < 400) return
  outgoing.span.setAttribute('error.type', String(status))
  outgoing.span.setStatus('error')
}

function end(request: object, error?: unknown): void {
  const outgoing = requests.get(request)
  if (outgoing === undefined) return
  requests.delete(request)
  const { span, start, method, server, status } = outgoing
  if (error !== undefined) {
    span.setAttribute('error.type', error instanceof Error ? error.name : typeof error)
    span.recordError(error)
  }
  span.end()
  createMeter('tutti.fetch')
    .histogram('http.client.request.duration', { description: 'How long requests to other services took', unit: 's' })
    .record((performance.now() - start) / 1000, {
      'http.request.method': method,
      'server.address': server,
      ...(status !== undefined && { 'http.response.status_code': status }),
    })
}

function hasHeader({ headers }: OutgoingRequest, name: string): boolean {
  if (typeof headers === 'string') return new RegExp(`^${name}:`, 'im').test(headers)
  return headers?.some((part, i) => i % 2 === 0 && String(part).toLowerCase() === name) === true
}
