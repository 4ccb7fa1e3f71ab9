import type { Server as HttpServer } from 'node:http'
import type { Server as NetServer, Socket } from 'node:net'
import type { Http2 } from './http2.ts'
import type { ResolvedLimits } from './limits.ts'
import { Certificates, clientCertOptions, speaksHttp2, type TlsOptions } from './tls.ts'

/** What the connections that a front accepts are handed to. */
export interface Behind {
  readonly http1: HttpServer
  readonly http2: Http2 | undefined
  readonly limits: ResolvedLimits
}

/** A server that accepts connections with TLS and hands them on by the protocol that the client chose. */
export interface SecureFront {
  readonly server: NetServer
  readonly certificates: Certificates
  /** Takes the certificates anew. Rejects with `TUTTI_TLS_INVALID`, and goes on with those in use, where they are of no use. */
  reload(): Promise<void>
}

/** Accepts connections with TLS; ALPN decides between HTTP/2, where it is spoken, and HTTP/1.1. */
export async function secureFront(options: TlsOptions, { http1, http2, limits }: Behind): Promise<SecureFront> {
  const certificates = new Certificates(options)
  const server = process.getBuiltinModule('node:tls').createServer({
    ...(await certificates.load()),
    ...clientCertOptions(options),
    ALPNProtocols: http2 === undefined ? ['http/1.1'] : ['h2', 'http/1.1'],
    handshakeTimeout: limits.headersTimeout > 0 ? limits.headersTimeout : 10_000,
    noDelay: true,
  })
  beginTimeouts(http1)
  server.on('secureConnection', (socket) => {
    if (http2 !== undefined && speaksHttp2(socket)) {
      http2.adopt(socket)
      return
    }
    // Not an option of the server: a client that left during the handshake would stay until its time is over.
    socket.allowHalfOpen = true
    http1.emit('connection', socket)
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  return { server, certificates, reload: () => certificates.reload(server) }
}

/** The first bytes of HTTP/2 with prior knowledge (RFC 9113 section 3.4); no method of HTTP/1 begins with them. */
const preface = Buffer.from('PRI')

/** Accepts connections without TLS; the first bytes decide between HTTP/2 and HTTP/1.1. */
export function cleartextFront({ http1, http2, limits }: Behind & { readonly http2: Http2 }): NetServer {
  beginTimeouts(http1)
  return process.getBuiltinModule('node:net').createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    let held = Buffer.alloc(0)
    const onData = (): void => {
      const chunk: unknown = socket.read()
      if (!(chunk instanceof Buffer)) return
      held = Buffer.concat([held, chunk])
      const length = Math.min(held.length, preface.length)
      const matches = held.subarray(0, length).equals(preface.subarray(0, length))
      // Too little to tell; a client that says no more runs into the time-out.
      if (matches && length < preface.length) return
      socket.setTimeout(0)
      for (const event of unchosen) socket.off(event, onUnchosen)
      socket.off('readable', onData)
      socket.unshift(held)
      // HTTP/2 ends by frames; a connection that is closed on one side is lost.
      socket.allowHalfOpen = !matches
      if (matches) http2.adopt(socket)
      else http1.emit('connection', socket)
    }
    socket.setTimeout(limits.headersTimeout)
    for (const event of unchosen) socket.on(event, onUnchosen)
    socket.on('readable', onData)
  })
}

/** What ends a connection that has not said yet which protocol it speaks. */
const unchosen = ['timeout', 'error', 'end'] as const

function onUnchosen(this: Socket): void {
  this.destroy()
}

/** Node looks for slow requests from the moment its server listens; this one gets its connections from another and never does. */
function beginTimeouts(http1: HttpServer): void {
  http1.emit('listening')
}
