import { Readable } from 'node:stream'
import type { IncomingHttpHeaders } from 'node:http'
import { runInContext } from '../../kernel/index.ts'
import type { HttpApplication } from '../application.ts'
import type { HttpResponse } from '../response.ts'
import type { HttpExchange, HttpPeer, HttpSource } from '../source.ts'
import { isBodiless } from './write.ts'

const encoder = new TextEncoder()

/** A web `Request` as the HTTP core reads requests. */
class FetchSource extends Readable implements HttpSource {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly httpVersion = '1.1'
  readonly socket: HttpPeer
  readonly #body: ReadableStream<Uint8Array> | null
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #headers: IncomingHttpHeaders | undefined

  constructor(request: Request, address: string | undefined) {
    super()
    const url = new URL(request.url)
    const raw: string[] = []
    for (const [name, value] of request.headers) raw.push(name, value)
    if (!request.headers.has('host')) raw.push('host', url.host)
    if (request.body !== null && !request.headers.has('content-length')) raw.push('transfer-encoding', 'chunked')
    this.method = request.method
    this.url = url.pathname + url.search
    this.rawHeaders = raw
    this.socket = { remoteAddress: address, encrypted: url.protocol === 'https:' }
    this.#body = request.body
  }

  get headers(): IncomingHttpHeaders {
    if (this.#headers === undefined) {
      const headers: IncomingHttpHeaders = {}
      for (let i = 0; i < this.rawHeaders.length; i += 2) headers[this.rawHeaders[i] as string] = this.rawHeaders[i + 1]
      this.#headers = headers
    }
    return this.#headers
  }

  override _read(): void {
    if (this.#body === null) {
      this.push(null)
      return
    }
    this.#reader ??= this.#body.getReader()
    this.#reader.read().then(
      ({ done, value }) => this.push(done ? null : value),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    )
  }
}

/** Answers a web `Request` without a socket. `address` stands for the client's IP address. */
export async function fetchThrough(application: HttpApplication, request: Request, address?: string): Promise<Response> {
  const source = new FetchSource(request, address)
  const exchange = new FetchExchange(request.signal)
  const ctx = application.open(source, exchange)
  const response = await runInContext(ctx, application.handle, ctx)
  const web = toWeb(response, request)
  if (response.body instanceof Readable) response.body.once('close', () => exchange.close(true))
  else exchange.close(true)
  return web
}

/** Tells when a response is complete or its client has gone. */
class FetchExchange implements HttpExchange {
  readonly #listeners = new Set<() => void>()
  writableFinished = false
  #closed = false

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.close(false), { once: true })
  }

  once(event: 'close' | 'clientEnd', listener: () => void): void {
    if (event === 'close') this.#listeners.add(listener)
  }

  close(finished: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.writableFinished = finished
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }
}

function toWeb(response: HttpResponse, request: Request): Response {
  const headers = new Headers()
  for (const [name, value] of response.headers) headers.append(name, value)
  const { body, status } = response
  const sized =
    typeof body === 'string'
      ? Buffer.byteLength(body)
      : body instanceof Uint8Array
        ? body.byteLength
        : body === null && request.method !== 'HEAD'
          ? 0
          : undefined
  if (sized !== undefined && !isBodiless(status) && !headers.has('content-length')) headers.set('content-length', String(sized))
  if (request.method === 'HEAD' || isBodiless(status) || body === null) {
    if (body instanceof Readable) body.destroy()
    return new Response(null, { status, headers })
  }
  if (typeof body === 'string') return new Response(body, { status, headers })
  if (body instanceof Uint8Array) return new Response(new Uint8Array(body), { status, headers })
  request.signal.addEventListener('abort', () => body.destroy(), { once: true })
  return new Response(streamOf(body), { status, headers })
}

/** A body as a web stream, read when it is asked for; cancelling it destroys the body, whether or not anything was read. */
function streamOf(body: Readable): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = bytesOf(body)
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        body.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* bytesOf(body: Readable): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of body) yield typeof chunk === 'string' ? encoder.encode(chunk) : new Uint8Array(chunk as Uint8Array)
}
