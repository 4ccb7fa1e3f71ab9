import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { runInContext } from '../../kernel/index.ts'
import type { HttpApplication } from '../application.ts'
import type { HttpContext } from '../context.ts'
import { errorResponse } from '../problem.ts'
import type { HttpResponse } from '../response.ts'
import type { ServeHttp2 } from './http2.ts'
import type { ResolvedLimits } from './limits.ts'
import { document, targetInvalid, tooSlow, type Refusal } from './refusal.ts'
import type { BodyStreams } from './streams.ts'
import { discardBody } from './write.ts'
import { writeHttp2Response } from './write-http2.ts'

// Error codes of RFC 9113 section 7.
const noError = 0
const cancel = 8

interface Terms {
  readonly streams: BodyStreams
  readonly limits: ResolvedLimits
}

/** Handles HTTP/2 requests with an application. */
export function serveHttp2(application: HttpApplication, { streams, limits }: Terms): ServeHttp2 {
  const write = (target: Http2ServerResponse, response: HttpResponse, ctx: HttpContext): void => {
    if (target.stream.destroyed || target.headersSent) {
      discardBody(response)
      return
    }
    try {
      writeHttp2Response(target, response, { ctx, streams })
    } catch (error) {
      // A header that cannot be sent, such as one with a line break in it.
      discardBody(response)
      if (target.headersSent) target.stream.destroy()
      else writeHttp2Response(target, errorResponse(error, ctx), { ctx, streams })
    }
  }
  return (request, response) => {
    // Node sees that a client has reset a stream with NO_ERROR only once the request has been read to its end.
    if (request.stream.endAfterHeaders) request.resume()
    else limitBody(request, { response, time: limits.requestTimeout })
    if (!request.url.startsWith('/') && request.url !== '*') {
      refuse(response, targetInvalid)
      return
    }
    const ctx = application.open(request, response)
    const result = runInContext(ctx, application.handle, ctx)
    if (!(result instanceof Promise)) write(response, result, ctx)
    else {
      result.then(
        (settled) => write(response, settled, ctx),
        (error: unknown) => write(response, errorResponse(error, ctx), ctx),
      )
    }
  }
}

/** Ends a request whose body takes too long, and one that is answered before its body has been read. */
function limitBody(
  request: Http2ServerRequest,
  { response, time }: { readonly response: Http2ServerResponse; readonly time: number },
): void {
  const { stream } = request
  // RFC 9113 section 8.1: the rest of the body is not wanted, and the answer is whole all the same.
  const abandon = (): void => {
    if (!request.readableEnded && !stream.destroyed) stream.close(noError)
  }
  response.once('finish', abandon)
  if (time === 0) return
  const timer = setTimeout(() => {
    if (response.headersSent) stream.close(cancel)
    else refuse(response, tooSlow)
  }, time)
  request.once('end', () => clearTimeout(timer))
  stream.once('close', () => clearTimeout(timer))
}

function refuse(response: Http2ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  response.end(document(refusal))
}
