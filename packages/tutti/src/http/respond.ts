import { Readable } from 'node:stream'
import { Accepted, Rejected } from '../message/index.ts'
import { accepted, rejected } from './command-response.ts'
import { services, type HttpContext } from './context.ts'
import { HttpError } from './errors.ts'
import { HttpHeaders, type HeadersInput } from './headers.ts'
import { negotiate } from './negotiate.ts'
import { statusProblem } from './problem.ts'
import { Reply, toResponse, type Respondable } from './reply.ts'
import { HttpResponse } from './response.ts'
import { rawHeader } from './source.ts'
import { sse } from './sse.ts'

/** How a route answers: its success status, and what its response schemas say about each status. */
export interface ResponseRules {
  /** The status of a plain value. */
  readonly status: number
  /** Writes JSON by schema; `undefined` where the status has none. */
  serializer(status: number): ((value: unknown) => string) | undefined
  /** The statuses whose plain values are problem documents. */
  readonly problems?: ReadonlySet<number>
  /** What of a plain value is written, or a promise of it. Throws `TUTTI_RESPONSE_INVALID` where it does not fit the schema of its status. */
  readonly shape: ((status: number, value: unknown) => unknown) | undefined
}

/** The rules where no route says anything. */
export const noRules: ResponseRules = { status: 200, serializer: () => undefined, shape: undefined }

/**
 * Turns what a handler or a middleware returned into a response: text, bytes, streams, async iterables (as server-sent events),
 * `reply(…)`, a web `Response`, anything with its own `toResponse`, and plain values in the media type that the client prefers.
 */
export function respond(value: unknown, ctx: HttpContext, rules: ResponseRules): HttpResponse | Promise<HttpResponse> {
  if (value instanceof HttpResponse) return value
  if (value instanceof Reply) return respondReply(value, ctx, rules)
  return respondStatus(value === undefined && rules.status === 200 ? 204 : rules.status, value, { ctx, rules })
}

function respondReply(value: Reply, ctx: HttpContext, rules: ResponseRules): HttpResponse | Promise<HttpResponse> {
  const { status, body, headers } = value
  const response = body === undefined && status >= 400 ? statusProblem(status, ctx) : respondStatus(status, body, { ctx, rules })
  return headers === undefined ? response : withHeaders(response, headers)
}

function withHeaders(response: HttpResponse | Promise<HttpResponse>, headers: HeadersInput): HttpResponse | Promise<HttpResponse> {
  if (response instanceof Promise) return response.then((settled) => withHeaders(settled, headers))
  response.headers.assign(headers)
  return response
}

interface Terms {
  readonly ctx: HttpContext
  readonly rules: ResponseRules
}

function respondStatus(status: number, value: unknown, terms: Terms): HttpResponse | Promise<HttpResponse> {
  if (value === undefined) return HttpResponse.empty(status)
  if (typeof value === 'object' && value !== null) {
    if (isRespondable(value)) return withStatus(value[toResponse](terms.ctx), status)
    const kind = value.constructor
    if (kind !== Object && kind !== Array) {
      const special = respondSpecial(status, value, terms.ctx)
      if (special !== undefined) return special
    }
  }
  const { shape } = terms.rules
  if (shape === undefined) return respondPlain(status, value, terms)
  const shaped = shape(status, value)
  return shaped instanceof Promise
    ? shaped.then((settled: unknown) => respondPlain(status, settled, terms))
    : respondPlain(status, shaped, terms)
}

function isRespondable(value: object): value is Respondable {
  return toResponse in value
}

/** Values that are a body as they are. */
function respondSpecial(status: number, value: object, ctx: HttpContext): HttpResponse | Promise<HttpResponse> | undefined {
  if (value instanceof Accepted) return accepted(status, value, ctx)
  if (value instanceof Rejected) return rejected(value, ctx)
  if (value instanceof Uint8Array) return HttpResponse.of(status, 'application/octet-stream', value)
  if (value instanceof ArrayBuffer) return HttpResponse.of(status, 'application/octet-stream', new Uint8Array(value))
  if (value instanceof Readable) return HttpResponse.of(status, 'application/octet-stream', value)
  if (value instanceof Response) return fromWeb(value)
  if (value instanceof ReadableStream) return HttpResponse.of(status, 'application/octet-stream', Readable.fromWeb(value))
  if (value instanceof Blob) return HttpResponse.of(status, value.type || 'application/octet-stream', Readable.fromWeb(value.stream()))
  if (Symbol.asyncIterator in value) return withStatus(sse(value as AsyncIterable<unknown>)[toResponse](ctx), status)
  return undefined
}

function withStatus(response: HttpResponse | Promise<HttpResponse>, status: number): HttpResponse | Promise<HttpResponse> {
  if (status === 200) return response
  if (response instanceof Promise) return response.then((settled) => withStatus(settled, status))
  if (response.status === 200) response.status = status
  return response
}

/** A web `Response` as one of ours; its body stays a stream. */
function fromWeb(response: Response): HttpResponse {
  const raw: string[] = []
  for (const [name, value] of response.headers) raw.push(name, value)
  return new HttpResponse(response.status, new HttpHeaders(raw), response.body === null ? null : Readable.fromWeb(response.body))
}

function respondPlain(status: number, value: unknown, { ctx, rules }: Terms): HttpResponse {
  const { encoders } = ctx[services]
  const accept = rawHeader(ctx.source.rawHeaders, 'accept')
  if (typeof value === 'string') {
    const type =
      accept === undefined || accept === '*/*' ? 'text/plain' : negotiate(accept, ['text/plain', 'text/html', 'application/json'])
    // What is not wanted as text may still be wanted as a JSON string; otherwise text is better than a refusal.
    if (type !== 'application/json') return HttpResponse.of(status, 'text/plain; charset=utf-8', value)
    return HttpResponse.of(status, 'application/json', JSON.stringify(value))
  }
  if ((accept === undefined || accept === '*/*' || accept === 'application/json') && encoders.length === 1)
    return json(status, value, rules)
  const offers = encoders.map((encoder) => encoder.mediaType)
  const chosen = negotiate(accept, offers)
  const encoder = encoders.find((candidate) => candidate.mediaType === chosen)
  if (encoder === undefined) {
    if (status >= 400) return json(status, value, rules)
    throw new HttpError(
      'TUTTI_NOT_ACCEPTABLE',
      `The client accepts ${JSON.stringify(accept)}; this can be answered as ${offers.join(', ')}.`,
      { status: 406 },
    )
  }
  const response =
    encoder.mediaType === 'application/json'
      ? json(status, value, rules)
      : HttpResponse.of(status, encoder.contentType ?? encoder.mediaType, encoder.encode(value))
  if (encoders.length > 1) response.headers.vary('Accept')
  return response
}

function json(status: number, value: unknown, rules: ResponseRules): HttpResponse {
  const serializer = rules.serializer(status)
  const type = rules.problems?.has(status) === true ? 'application/problem+json' : 'application/json'
  return HttpResponse.of(status, type, serializer === undefined ? (JSON.stringify(value) ?? 'null') : serializer(value))
}
