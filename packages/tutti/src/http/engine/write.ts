import { Readable, type Writable } from 'node:stream'
import type { ServerResponse } from 'node:http'
import type { HttpContext } from '../context.ts'
import type { HttpResponse } from '../response.ts'

/** Whether a status never has a body (RFC 9110 section 6.4.1). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || (status >= 100 && status < 200)
}

/** Writes a response to a Node response in as few writes as possible; the answer is a body that streams, which is still to be sent. */
export function writeResponse(target: ServerResponse, response: HttpResponse, { method }: HttpContext): Readable | undefined {
  const { status, body } = response
  const { raw } = response.headers
  if (typeof body === 'string') {
    if (!isBodiless(status)) setLength(response, Buffer.byteLength(body))
    target.writeHead(status, raw)
    if (method === 'HEAD' || isBodiless(status)) target.end()
    else target.end(body)
    return undefined
  }
  if (body === null) {
    if (!isBodiless(status) && method !== 'HEAD') setLength(response, 0)
    target.writeHead(status, raw)
    target.end()
    return undefined
  }
  if (body instanceof Uint8Array) {
    if (!isBodiless(status)) setLength(response, body.byteLength)
    target.writeHead(status, raw)
    if (method === 'HEAD' || isBodiless(status)) target.end()
    else target.end(body)
    return undefined
  }
  target.writeHead(status, raw)
  if (method === 'HEAD' || isBodiless(status)) {
    discardBody(response)
    target.end()
    return undefined
  }
  target.flushHeaders()
  return body
}

/** Throws a body away that nobody gets to read. */
export function discardBody({ body }: HttpResponse): void {
  if (!(body instanceof Readable)) return
  // What it still has to complain about concerns nobody.
  body.on('error', () => {})
  body.destroy()
}

/** Sends a body that streams; the head has been sent. `endless` ones, such as event streams, may be ended anywhere. */
export function pipeBody(
  body: Readable,
  target: Writable,
  { ctx, endless }: { readonly ctx: HttpContext; readonly endless: boolean },
): void {
  body.on('error', (error) => {
    // A producer that throws because it was told to stop has done as it should.
    const told = ctx.signal.aborted
    if (told && endless) {
      target.end()
      return
    }
    // Half a body must not look like a whole one: the connection is cut.
    if (!told) ctx.log.error('A response stream failed after its head was sent; the connection is closed.', { error, requestId: ctx.id })
    target.destroy()
  })
  target.on('close', () => body.destroy())
  body.pipe(target)
}

function setLength({ headers }: HttpResponse, length: number): void {
  // Most responses have nothing but their content type: no need to look for a length in it.
  if (headers.raw.length <= 2) headers.raw.push('content-length', String(length))
  else headers.set('content-length', length)
}
