import type { Http2Server, Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { ResolvedLimits } from './limits.ts'
import { requestClass } from './http2-request.ts'

/** Handles a request of Node's HTTP/2 server. */
export type ServeHttp2 = (request: Http2ServerRequest, response: Http2ServerResponse) => void

/** Speaks HTTP/2 on connections that are handed to it; `node:http2` is loaded with the first instance. */
export class Http2 {
  readonly #server: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #idleTime: number

  constructor(limits: ResolvedLimits, serve: ServeHttp2) {
    const http2 = process.getBuiltinModule('node:http2')
    this.#idleTime = limits.keepAliveTimeout
    this.#server = http2.createServer({
      Http2ServerRequest: requestClass(http2),
      maxHeaderListPairs: limits.maxHeaders,
      // A client that opens streams to reset them at once (CVE-2023-44487), or floods with settings, pings or bad frames, is cut off.
      streamResetBurst: 200,
      streamResetRate: 50,
      maxSettings: 16,
      maxOutstandingPings: 4,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 50,
      settings: { maxConcurrentStreams: 128, maxHeaderListSize: limits.maxHeaderSize, enablePush: false },
    })
    this.#server.on('request', serve)
    this.#server.on('session', (session) => this.#watch(session))
  }

  /** Speaks HTTP/2 on a connection whose first bytes are those of HTTP/2. */
  adopt(connection: Duplex): void {
    this.#server.emit('connection', connection)
  }

  /** Sends GOAWAY: new streams are refused (RFC 9113 section 6.8), and each connection is closed when its last one has ended. */
  close(): void {
    for (const session of this.#sessions) session.close()
  }

  /** Cuts everything off. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy()
  }

  #watch(session: ServerHttp2Session): void {
    let streams = 0
    this.#sessions.add(session)
    session.on('stream', (stream) => {
      streams++
      stream.once('close', () => streams--)
    })
    session.setTimeout(this.#idleTime, () => {
      if (streams === 0) session.close()
    })
    // The client breaks the protocol or the connection: nothing that anybody here could do something about.
    session.on('error', () => {})
    session.once('close', () => this.#sessions.delete(session))
  }
}
