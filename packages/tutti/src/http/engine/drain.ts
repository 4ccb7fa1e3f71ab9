import type { Server as HttpServer } from 'node:http'
import type { Server as NetServer, Socket } from 'node:net'
import type { Http2 } from './http2.ts'

/** How often connections that have become idle are closed while the server drains, in milliseconds. */
const sweepInterval = 50

/** How long a server takes to stop, in milliseconds. */
export interface DrainTimes {
  /** After this what still runs is cut off. */
  readonly timeout: number
  /** How long idle connections may still send a request, so that those already on their way are answered. @default 0 */
  readonly grace?: number
}

/** What a server consists of when it is stopped. */
export interface ServerParts {
  /** What accepts connections; the HTTP/1 server itself where there is neither TLS nor h2c. */
  readonly front: NetServer
  readonly http1: HttpServer
  readonly http2: Http2 | undefined
  readonly sockets: ReadonlySet<Socket>
}

/**
 * Stops accepting, waits until the connections are done, and resolves with how many had to be cut off. The answer to every request that
 * comes meanwhile says `Connection: close`; HTTP/2 clients get GOAWAY.
 */
export function drain(parts: ServerParts, { timeout, grace = 0 }: DrainTimes): Promise<number> {
  const { front, http1, http2, sockets } = parts
  return new Promise((resolve) => {
    let cut = 0
    let sweep: NodeJS.Timeout | undefined
    const closeIdle = (): void => {
      http1.closeIdleConnections()
      http2?.close()
      // Node counts connections on which nothing was said yet as busy.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    }
    // In a process that was held up the timers run before it reads what has come meanwhile: a connection with an unread request is not idle.
    const closeOnceRead = (): void => void setImmediate(closeIdle)
    const graceTimer = setTimeout(() => {
      closeOnceRead()
      sweep = setInterval(closeOnceRead, sweepInterval)
    }, grace)
    const limitTimer = setTimeout(() => {
      front.getConnections((_, count) => {
        cut = count
        http2?.destroy()
        for (const socket of sockets) socket.destroy()
      })
    }, timeout)
    // Not front.close(): that of node:http closes idle connections at once, and with them requests that are on their way.
    process.getBuiltinModule('node:net').Server.prototype.close.call(front, () => {
      clearTimeout(graceTimer)
      clearTimeout(limitTimer)
      clearInterval(sweep)
      // Ends the timer with which node:http looks for slow requests; it has stopped listening already.
      http1.close(() => {})
      resolve(cut)
    })
    // At once: a stream that is refused from now on has not been looked at, and clients may send it elsewhere.
    http2?.close()
  })
}
