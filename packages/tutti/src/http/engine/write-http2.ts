import type { OutgoingHttpHeaders } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import type { HttpContext } from '../context.ts'
import type { HttpResponse } from '../response.ts'
import type { BodyStreams } from './streams.ts'
import { discardBody, isBodiless } from './write.ts'

/** Headers about a connection, which HTTP/2 has no place for (RFC 9113 section 8.2.2). */
const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings', 'te'])

/** Writes a response to an HTTP/2 stream. */
export function writeHttp2Response(
  target: Http2ServerResponse,
  response: HttpResponse,
  { ctx, streams }: { readonly ctx: HttpContext; readonly streams: BodyStreams },
): void {
  const { status, body } = response
  const headers = outgoing(response)
  const silent = ctx.method === 'HEAD' || isBodiless(status)
  if (body instanceof Readable) {
    target.writeHead(status, headers)
    if (silent) discardBody(response)
    if (silent) target.end()
    else streams.send(response, target, ctx)
    return
  }
  if (!isBodiless(status) && (body !== null || !silent)) {
    headers['content-length'] = body === null ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
  }
  target.writeHead(status, headers)
  if (silent || body === null) target.end()
  else target.end(body)
}

/** Checked here, since `node:http2` writes values as they are: a line break would split the response behind a proxy that speaks HTTP/1. */
function outgoing({ headers }: HttpResponse): OutgoingHttpHeaders {
  const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http')
  const result: Record<string, string | number | string[]> = {}
  for (const [name, value] of headers) {
    if (connectionHeaders.has(name)) continue
    validateHeaderName(name)
    validateHeaderValue(name, value)
    const before = result[name]
    if (before === undefined) result[name] = value
    else if (Array.isArray(before)) before.push(value)
    else result[name] = [String(before), value]
  }
  return result
}
