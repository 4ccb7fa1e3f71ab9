import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { announcedLength, takeSmallBody, settleEmpty } from './early-body.ts'
import { continueWhenRead } from './expect.ts'
import { responseInFlight } from './in-flight.ts'
import type { ResolvedLimits } from './limits.ts'
import {
  extensionsTooLarge,
  headTooLarge,
  hostInvalid,
  malformed,
  noTunnels,
  refuseRequest,
  refuseSocket,
  targetInvalid,
  tooSlow,
  versionUnknown,
  type Refusal,
} from './refusal.ts'

/** Handles a request of Node's HTTP/1 server. */
export type Serve = (request: IncomingMessage, response: ServerResponse) => void

/** Node's HTTP/1.1 server with limits, and with answers to everything that is not a proper request. It does not listen yet. */
export function createHttp1(limits: ResolvedLimits, serve: Serve): Server {
  // As an ESM import, node:http would load undici for the sake of three exports nobody here uses: 30 ms of start-up.
  const http = process.getBuiltinModule('node:http')
  const server = http.createServer(
    {
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: limits.keepAliveTimeout,
      connectionsCheckingInterval: limits.checkInterval,
      maxHeaderSize: limits.maxHeaderSize,
      joinDuplicateHeaders: true,
      // Looked at in `admit`, which answers with a problem document.
      requireHostHeader: false,
    },
    (request, response) => {
      if (!isOrdinary(request) && !admit(request, response)) return
      const length = announcedLength(request.rawHeaders)
      if (length === 0) settleEmpty(request)
      else if (length !== undefined && takeSmallBody(request, length, () => serve(request, response))) return
      serve(request, response)
    },
  )
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response)
    if (admit(request, response)) serve(request, response)
  })
  if (limits.maxConnections !== undefined) server.maxConnections = limits.maxConnections
  server.maxHeadersCount = limits.maxHeaders
  server.timeout = limits.idleTimeout
  // A client may close its sending half and wait for its response (RFC 9112 section 9.6); Node has no typed name for this.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', settleShape)
  server.on('clientError', onClientError)
  server.on('connect', (_, socket) => {
    socket.on('error', () => socket.destroy())
    refuseSocket(socket, noTunnels)
  })
  return server
}

/**
 * Node adds the client's address to a socket, as this property, when it is first asked for. Where some requests ask and others do not,
 * sockets come to have many shapes, and all that Node does with them takes its slowest way: a tenth of the requests asking made every
 * request 15 % dearer. A place for it from the start keeps one shape; the address itself would cost memory where nobody asks.
 */
function settleShape(socket: Socket): void {
  Object.assign(socket, { _peername: undefined })
}

/** Whether a request has one plain Host and a path, told by its raw headers: few handlers want Node's object of all headers. */
function isOrdinary({ url, httpVersionMajor, httpVersionMinor, rawHeaders }: IncomingMessage): boolean {
  if (url?.charCodeAt(0) !== 47 || httpVersionMajor !== 1 || httpVersionMinor !== 1) return false
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length !== 4 || (name !== 'Host' && name.toLowerCase() !== 'host')) continue
    if (rawHeaders[i + 1]?.includes(',') === true) return false
    hosts++
  }
  return hosts === 1
}

/** Puts an unusual request in order, or refuses it. */
function admit(request: IncomingMessage, response: ServerResponse): boolean {
  const refusal = normalize(request)
  if (refusal !== undefined) refuseRequest(response, refusal)
  // RFC 9110 section 9.3.7: about the server as a whole, of which there is nothing to tell.
  else if (request.url === '*') response.writeHead(204).end()
  else return true
  return false
}

/** RFC 9112 section 3.2: one Host in HTTP/1.1; a target in absolute form counts more than it. */
function normalize(request: IncomingMessage): Refusal | undefined {
  const { host } = request.headers
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') return versionUnknown
  if (host === undefined ? request.httpVersion !== '1.0' : host.includes(',')) return hostInvalid
  const target = request.url ?? ''
  if (target.startsWith('/') || (target === '*' && request.method === 'OPTIONS')) return undefined
  const [, authority, rest] = /^https?:\/\/([^/?#@]+)((?:[/?][^#]*)?)$/i.exec(target) ?? []
  if (authority === undefined || rest === undefined) return targetInvalid
  request.url = rest.startsWith('/') ? rest : `/${rest}`
  request.headers.host = authority
  const at = request.rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')
  if (at < 0) request.rawHeaders.push('Host', authority)
  else request.rawHeaders[at + 1] = authority
  return undefined
}

function refusalOf(error: NodeJS.ErrnoException): Refusal {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow
  if (error.code === 'HPE_HEADER_OVERFLOW') return headTooLarge
  if (error.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return extensionsTooLarge
  return malformed
}

/** A connection on which something came that is no HTTP, or came too slowly. */
function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // A connection on which nothing was ever said, such as one that a browser opened in advance, is not told off.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesRead === 0) {
    socket.destroy()
    return
  }
  const current = responseInFlight(socket)
  if (current === undefined) refuseSocket(socket, refusalOf(error))
  // An answer now would be taken for the one to the request before: that one is answered first.
  else if (current.req.complete) closeBehind(current, socket)
  else if (current.headersSent) socket.destroy()
  else refuseSocket(socket, refusalOf(error))
}

function closeBehind(response: ServerResponse, socket: Socket): void {
  if (!response.headersSent) response.shouldKeepAlive = false
  response.once('close', () => {
    const next = responseInFlight(socket)
    if (next === undefined) socket.destroySoon()
    else closeBehind(next, socket)
  })
}
