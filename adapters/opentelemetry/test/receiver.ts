import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { attributes, readProtobuf, type Json, type Signal } from './otlp-messages.ts'

/** A request that a receiver got. */
export interface Received {
  readonly signal: Signal
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly message: Json
  readonly time: number
}

/** Answers a request in place of taking it. */
export type Reply = (response: ServerResponse) => void

/** A collector for tests: takes OTLP over HTTP as a collector does, or answers as a test says. */
export class Receiver implements AsyncDisposable {
  readonly requests: Received[] = []
  /** Those that were taken. */
  readonly taken: Received[] = []
  /** Answers the next requests, in turn. */
  readonly replies: Reply[] = []
  /** Who answers the requests that none of `replies` does; `undefined` takes them. */
  answers: ((request: Received) => Reply | undefined) | undefined
  /** Whether it closes connections at once, as if nobody were there. */
  isAway = false
  readonly #server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { url: path = '', headers } = request
      const signal = path.slice(path.lastIndexOf('/') + 1) as Signal
      const raw = Buffer.concat(parts)
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      const isJson = headers['content-type'] === 'application/json'
      const message = isJson ? (JSON.parse(body.toString()) as Json) : readProtobuf(signal, body)
      const received = { signal, path, headers, message, time: performance.now() }
      this.requests.push(received)
      const reply = this.replies.shift() ?? this.answers?.(received)
      if (reply !== undefined) return reply(response)
      this.taken.push(received)
      response.writeHead(200, { 'content-type': headers['content-type'] }).end(isJson ? '{}' : '')
    })
  })

  static async open(): Promise<Receiver> {
    const receiver = new Receiver()
    const server = receiver.#server
    server.on('connection', (socket) => {
      if (receiver.isAway) socket.destroy()
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  spans(): Json[] {
    return spansOf(this.taken)
  }

  spanNames(): unknown[] {
    return this.spans().map(({ name }) => name)
  }

  logs(): Json[] {
    return logsOf(this.taken)
  }

  /** The metrics of the latest request that holds any, by name. */
  metrics(): ReadonlyMap<string, Json> {
    return metricsOf(this.taken)
  }

  resource(): Json {
    return resourceOf(this.taken)
  }
}

type Messages = readonly Pick<Received, 'signal' | 'message'>[]

const list = (value: unknown): Json[] => (value ?? []) as Json[]

export function spansOf(requests: Messages): Json[] {
  return requests
    .filter(({ signal }) => signal === 'traces')
    .flatMap(({ message }) => list(message['resourceSpans']))
    .flatMap((resource) => list(resource['scopeSpans']))
    .flatMap(({ scope, spans }) => list(spans).map((span) => ({ ...span, scope, attributes: attributes(span['attributes']) })))
}

export function logsOf(requests: Messages): Json[] {
  return requests
    .filter(({ signal }) => signal === 'logs')
    .flatMap(({ message }) => list(message['resourceLogs']))
    .flatMap((resource) => list(resource['scopeLogs']))
    .flatMap(({ scope, logRecords }) =>
      list(logRecords).map((record) => ({ ...record, scope, attributes: attributes(record['attributes']) })),
    )
}

export function metricsOf(requests: Messages): ReadonlyMap<string, Json> {
  const latest = requests.findLast(({ signal }) => signal === 'metrics')
  const metrics = list(latest?.message['resourceMetrics'])
    .flatMap((resource) => list(resource['scopeMetrics']))
    .flatMap(({ scope, metrics: own }) => list(own).map((metric) => ({ ...metric, scope })))
  return new Map(metrics.map((metric: Json) => [String(metric['name']), metric]))
}

function resourceOf([request]: Messages): Json {
  const [[resource] = []] = Object.values(request?.message ?? {}).map(list)
  return attributes((resource?.['resource'] as Json | undefined)?.['attributes'])
}
