import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Server as NetServer, Socket } from 'node:net'
import { runInContext } from '../../kernel/index.ts'
import type { HttpApplication } from '../application.ts'
import type { HttpContext } from '../context.ts'
import { errorResponse } from '../problem.ts'
import type { HttpResponse } from '../response.ts'
import { drain, type DrainTimes } from './drain.ts'
import type { Address, Engine } from './engine.ts'
import { listenError } from './errors.ts'
import type { SecureFront } from './front.ts'
import { createHttp1 } from './http1.ts'
import type { Http2 } from './http2.ts'
import { resolveLimits, type ResolvedLimits, type ServerLimits } from './limits.ts'
import { BodyStreams } from './streams.ts'
import type { TlsOptions } from './tls.ts'
import { announcesBody, answerUnread } from './unread.ts'
import { attachUpgrades } from './upgrades.ts'
import { discardBody, writeResponse } from './write.ts'

/** How a server speaks with its clients. */
export interface EngineOptions extends ServerLimits {
  /** Certificate and key: the server speaks TLS then, and nothing else. */
  readonly tls?: TlsOptions
  /** Whether clients may choose HTTP/2 (ALPN) where there is TLS; HTTP/1.1 is always spoken. @default true */
  readonly http2?: boolean
  /** Whether HTTP/2 is spoken without TLS as well, by clients that begin with it (prior knowledge), such as a proxy's. @default false */
  readonly h2c?: boolean
}

/** Serves an application with Node's own servers: HTTP/1.1, and HTTP/2 where it is asked for. */
export class NodeEngine implements Engine {
  readonly #application: HttpApplication
  readonly #options: EngineOptions
  readonly #limits: ResolvedLimits
  readonly #http1: HttpServer
  readonly #streams = new BodyStreams()
  readonly #sockets = new Set<Socket>()
  #front: NetServer | undefined
  #secure: SecureFront | undefined
  #http2: Http2 | undefined
  #draining = false

  constructor(application: HttpApplication, options: EngineOptions = {}) {
    this.#application = application
    this.#options = options
    this.#limits = resolveLimits(options)
    this.#http1 = createHttp1(this.#limits, (request, response) => this.#serve(request, response))
    if (application.upgrades !== undefined) attachUpgrades(this.#http1, application.upgrades)
  }

  async listen(where: { readonly port: number; readonly host: string | undefined }): Promise<Address> {
    const front = await this.#open()
    if (this.#limits.maxConnections !== undefined) front.maxConnections = this.#limits.maxConnections
    const sockets = this.#sockets
    // One function for all, and no wrapper as `once` makes it: there may be very many idle connections.
    const forget = function (this: Socket): void {
      sockets.delete(this)
    }
    front.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', forget)
    })
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        this.#secure?.certificates.close()
        reject(listenError(error, where))
      }
      front.once('error', onError)
      front.listen({ port: where.port, ...(where.host !== undefined && { host: where.host }) }, () => {
        front.off('error', onError)
        this.#front = front
        this.#secure?.certificates.watch(() => void this.#reloadChanged())
        resolve(addressOf(front, { host: where.host, scheme: this.#secure === undefined ? 'http' : 'https' }))
      })
    })
  }

  async close(times: DrainTimes): Promise<number> {
    this.#draining = true
    this.#secure?.certificates.close()
    if (this.#front === undefined) return 0
    this.#streams.stop()
    const parts = { front: this.#front, http1: this.#http1, http2: this.#http2, sockets: this.#sockets }
    const [cut, upgraded] = await Promise.all([drain(parts, times), this.#application.upgrades?.close(times.timeout)])
    return Math.max(cut, upgraded ?? 0)
  }

  async reloadCertificates(): Promise<void> {
    await this.#secure?.reload()
  }

  /** What accepts connections. Everything beyond plain HTTP/1.1 is loaded when it is asked for. */
  async #open(): Promise<NetServer> {
    const { tls, http2 = tls !== undefined, h2c = false } = this.#options
    if (tls === undefined && !h2c) return this.#http1
    const [{ secureFront, cleartextFront }, http2Parts] = await Promise.all([
      import('./front.ts'),
      http2 || h2c ? Promise.all([import('./http2.ts'), import('./serve-http2.ts')]) : undefined,
    ])
    if (http2Parts !== undefined) {
      const [{ Http2: Http2Server }, { serveHttp2 }] = http2Parts
      const serve = serveHttp2(this.#application, { streams: this.#streams, limits: this.#limits })
      this.#http2 = new Http2Server(this.#limits, (request: Http2ServerRequest, response: Http2ServerResponse) => serve(request, response))
    }
    const behind = { http1: this.#http1, limits: this.#limits }
    if (tls === undefined) return cleartextFront({ ...behind, http2: this.#http2 as Http2 })
    this.#secure = await secureFront(tls, { ...behind, http2: this.#http2 })
    return this.#secure.server
  }

  async #reloadChanged(): Promise<void> {
    const { log } = this.#application.services
    try {
      await this.reloadCertificates()
      log.info('The TLS certificates were taken anew.')
    } catch (error) {
      log.error('The TLS certificates have changed, and the new ones cannot be used; those before stay in use.', { error })
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const application = this.#application
    const ctx = application.open(request, response)
    const result = runInContext(ctx, application.handle, ctx)
    if (result instanceof Promise) this.#serveLater(result, response, ctx)
    else this.#write(response, result, ctx)
  }

  #serveLater(pending: Promise<HttpResponse>, response: ServerResponse, ctx: HttpContext): void {
    pending.then(
      (settled) => this.#write(response, settled, ctx),
      (error: unknown) => this.#write(response, errorResponse(error, ctx), ctx),
    )
  }

  #write(target: ServerResponse, response: HttpResponse, ctx: HttpContext): void {
    if (target.destroyed || target.headersSent) {
      discardBody(response)
      return
    }
    if (this.#draining) response.headers.set('connection', 'close')
    if (!target.req.complete && announcesBody(target.req.rawHeaders)) answerUnread(target.req, target, response)
    try {
      if (writeResponse(target, response, ctx) !== undefined) this.#streams.send(response, target, ctx)
    } catch (error) {
      // A header that cannot be sent, such as one with a line break in it.
      discardBody(response)
      if (target.headersSent) target.destroy()
      else writeResponse(target, errorResponse(error, ctx), ctx)
    }
  }
}

function addressOf(server: NetServer, { host, scheme }: { readonly host: string | undefined; readonly scheme: string }): Address {
  const address = server.address()
  if (address === null || typeof address === 'string') return { host: host ?? '', port: 0, url: String(address) }
  const shown = host ?? 'localhost'
  return { host: address.address, port: address.port, url: `${scheme}://${shown.includes(':') ? `[${shown}]` : shown}:${address.port}` }
}
