import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../../kernel/index.ts'
import { statusTitle } from '../status.ts'

/** The answer to something that never became a request of the application: a problem document behind which the connection is closed. */
export interface Refusal {
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
}

export const malformed: Refusal = { status: 400, code: 'TUTTI_REQUEST_MALFORMED', detail: 'The request is not valid HTTP.' }
export const hostInvalid: Refusal = { status: 400, code: 'TUTTI_REQUEST_MALFORMED', detail: 'The request needs exactly one Host header.' }
export const versionUnknown: Refusal = {
  status: 505,
  code: 'TUTTI_REQUEST_MALFORMED',
  detail: 'This server speaks HTTP/1.1 and HTTP/1.0 here.',
}
export const targetInvalid: Refusal = {
  status: 400,
  code: 'TUTTI_REQUEST_MALFORMED',
  detail: 'The request target is neither a path nor a URL of this server.',
}
export const tooSlow: Refusal = { status: 408, code: 'TUTTI_REQUEST_TIMEOUT', detail: 'The request was not complete in time.' }
export const headTooLarge: Refusal = { status: 431, code: 'TUTTI_HEAD_TOO_LARGE', detail: 'The head of the request is too large.' }
export const extensionsTooLarge: Refusal = {
  status: 413,
  code: 'TUTTI_BODY_TOO_LARGE',
  detail: 'The chunk extensions of the request body are too large.',
}
export const noTunnels: Refusal = {
  status: 501,
  code: 'TUTTI_METHOD_NOT_IMPLEMENTED',
  detail: 'This server is no proxy: it does not do CONNECT.',
}

/** How long a refused client may go on sending, so that it gets to read its answer before the connection is reset, in milliseconds. */
const lingerTime = 1000

const refused = new WeakSet<Duplex>()

/** Refuses on a bare socket, and closes it. Once is enough: what the client still sends is thrown away. */
export function refuseSocket(socket: Duplex, refusal: Refusal): void {
  if (refused.has(socket)) return
  refused.add(socket)
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = document(refusal)
  const head = headers(body)
  let text = `HTTP/1.1 ${refusal.status} ${statusTitle(refusal.status)}\r\n`
  for (let i = 0; i < head.length; i += 2) text += `${head[i]}: ${head[i + 1]}\r\n`
  socket.end(`${text}\r\n${body}`)
  const timer = setTimeout(() => socket.destroy(), lingerTime)
  socket.once('close', () => clearTimeout(timer))
}

/** Refuses a request whose head was read; the connection is closed behind the answer. */
export function refuseRequest(response: ServerResponse, refusal: Refusal): void {
  const body = document(refusal)
  response.writeHead(refusal.status, headers(body))
  response.end(body)
}

function headers(body: string): string[] {
  return [
    'content-type',
    'application/problem+json',
    'cache-control',
    'no-store',
    'content-length',
    String(Buffer.byteLength(body)),
    'connection',
    'close',
  ]
}

/** The body of a refusal. */
export function document({ status, code, detail }: Refusal): string {
  return JSON.stringify({ title: statusTitle(status), status, detail, code })
}
