import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { runInContext, TuttiError } from '../../kernel/index.ts'
import type { HttpContext } from '../context.ts'
import type { Upgrades } from '../engine/upgrades.ts'
import { HttpError } from '../errors.ts'
import { Matcher, type ConstraintOf } from '../matcher.ts'
import type { Fail, Handle } from '../middleware.ts'
import type { HttpResponse } from '../response.ts'
import type { HttpServices } from '../services.ts'
import type { HttpExchange, HttpSource } from '../source.ts'
import { Asking } from './asking.ts'
import { Connection } from './connection.ts'
import type { SocketRoute } from './declare.ts'
import { asksForWebSocket } from './handshake.ts'
import { compileUpgrade, Upgrade } from './upgrade.ts'

/** What WebSockets need of the application that they belong to. */
export interface UpgradeHost {
  readonly services: HttpServices<HttpContext>
  readonly constraints: Readonly<Record<string, ConstraintOf>> | undefined
  readonly fail: Fail
  /** The handling of plain requests. */
  readonly handle: Handle
  open(source: HttpSource, exchange: HttpExchange): HttpContext
  /** Puts the application's middleware around the handling of handshakes. */
  around(core: Handle): Handle
}

/** Serves the WebSocket routes of an application. */
export class SocketServer implements Upgrades {
  readonly #host: UpgradeHost
  readonly #matcher: Matcher
  readonly #handle: Handle
  readonly #connections = new Set<Connection>()
  /** Handshakes and connections that have not ended. */
  #busy = 0
  #idle: PromiseWithResolvers<void> | undefined
  #draining = false

  constructor(routes: readonly SocketRoute[], host: UpgradeHost) {
    this.#host = host
    this.#matcher = new Matcher(
      routes.map((declared) => ({ route: declared.route, handle: compileUpgrade(declared, host.services, host.fail) })),
      host.constraints,
    )
    this.#handle = host.around((ctx) => this.#route(ctx))
  }

  wants(request: IncomingMessage): boolean {
    return asksForWebSocket(request)
  }

  /** Whether a WebSocket route answers a path. */
  answers(source: HttpSource, path: string): boolean {
    return typeof this.#matcher.find('GET', source, path) !== 'string'
  }

  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const asking = Asking.open(request, socket, head)
    if (asking === undefined) {
      socket.destroy()
      return
    }
    const ctx = this.#host.open(request, asking)
    this.#busy++
    void runInContext(ctx, () => this.#serve(ctx, asking), undefined)
  }

  async close(timeout: number): Promise<number> {
    this.#draining = true
    for (const connection of this.#connections) connection.shut()
    if (this.#busy === 0) return 0
    const idle = Promise.withResolvers<void>()
    this.#idle = idle
    const { clock } = this.#host.services
    // A peer that does not answer is no work that has to end: it does not get all of the time.
    const goodbye = clock.setTimeout(() => {
      for (const connection of this.#connections) connection.hangUp()
    }, timeout / 2)
    let cut = 0
    const end = clock.setTimeout(() => {
      cut = this.#connections.size
      for (const connection of this.#connections) connection.cut()
      idle.resolve()
    }, timeout)
    await idle.promise
    goodbye.cancel()
    end.cancel()
    return cut
  }

  async #serve(ctx: HttpContext, asking: Asking): Promise<void> {
    let connection: Connection | undefined
    try {
      connection = await this.#answer(ctx, asking)
      await connection?.run()
    } catch (error) {
      this.#host.services.log.error('A WebSocket failed outside of its handlers.', { error, requestId: ctx.id })
      asking.socket.destroy()
    } finally {
      if (connection !== undefined) this.#connections.delete(connection)
      await this.#release(ctx)
    }
  }

  async #release(ctx: HttpContext): Promise<void> {
    try {
      await ctx.openScope?.dispose()
    } catch (error) {
      ctx.log.error('The dependencies of a WebSocket could not be disposed.', { error, requestId: ctx.id })
    }
    this.#busy--
    if (this.#busy === 0) this.#idle?.resolve()
  }

  /** Answers a handshake: with a connection, or with a refusal that has been read. */
  async #answer(ctx: HttpContext, asking: Asking): Promise<Connection | undefined> {
    // Before Node 24.9 every request with an Upgrade header ends up here.
    const handle = this.wants(asking.request) ? this.#handle : this.#host.handle
    const answer = await handle(ctx)
    if (!(answer instanceof Upgrade) || answer.status !== 101) return await refuse(answer, ctx, asking)
    const headers = headerLines(answer)
    if (headers instanceof Error) return await refuse(this.#host.fail(headers, ctx), ctx, asking)
    // Time may have passed in middleware since the route agreed.
    const obstacle = this.#draining ? stopping() : answer.served.full()
    if (obstacle !== undefined) return await refuse(this.#host.fail(obstacle, ctx), ctx, asking)
    const { request, socket } = asking
    const { acceptor, host, heartbeat, idle } = answer.served
    const head = asking.release()
    let malformed: Error | undefined
    const refused = (error: Error): void => void (malformed = error)
    const wire = acceptor.accept(request, socket, { head, acceptance: { protocol: answer.protocol, headers }, refused })
    if (malformed !== undefined)
      return await refuse(this.#host.fail(badExtensions(malformed), ctx), ctx, Asking.open(request, socket, head))
    if (wire === undefined) return undefined
    const connection = new Connection(host, wire, { ctx, data: answer.data })
    this.#connections.add(connection)
    connection.begin()
    heartbeat.begin()
    idle.begin()
    return connection
  }

  #route(ctx: HttpContext): HttpResponse | Promise<HttpResponse> {
    const { fail } = this.#host
    if (this.#draining) return fail(stopping(), ctx)
    const found = this.#matcher.find('GET', ctx.source, ctx.path)
    if (found === 'bad-path')
      return fail(
        new HttpError('TUTTI_PATH_MALFORMED', `The path ${JSON.stringify(ctx.path)} is not valid percent-encoded UTF-8.`, { status: 400 }),
        ctx,
      )
    if (found === 'none') return fail(new HttpError('TUTTI_ROUTE_NOT_FOUND', `No WebSocket answers ${ctx.path}.`, { status: 404 }), ctx)
    ctx.route = found.target.route
    if (found.params !== undefined) ctx.pathParams = found.params
    return found.target.handle(ctx)
  }
}

async function refuse(answer: HttpResponse | Promise<HttpResponse>, ctx: HttpContext, asking: Asking | undefined): Promise<undefined> {
  await asking?.refuse(await answer, ctx)
}

// These say what the protocol says, and the library writes them.
const ownHeaders = /^(?:connection|upgrade|content-.*|transfer-encoding|sec-websocket-.*)$/

/** Headers that middleware and guards gave the response, such as cookies; an error where one cannot be sent. */
function headerLines(upgrade: Upgrade): string[] | Error {
  const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http')
  const lines: string[] = []
  try {
    for (const [name, value] of upgrade.headers) {
      if (ownHeaders.test(name)) continue
      validateHeaderName(name)
      validateHeaderValue(name, value)
      lines.push(`${name}: ${value}`)
    }
    return lines
  } catch (error) {
    return TuttiError.from(error)
  }
}

function badExtensions(cause: Error): HttpError {
  return new HttpError('TUTTI_HANDSHAKE_INVALID', 'The header Sec-WebSocket-Extensions is malformed, or asks for what cannot be.', {
    status: 400,
    cause,
  })
}

function stopping(): HttpError {
  return new HttpError('TUTTI_SERVER_STOPPING', 'The server is stopping; connect again, to another one.', { status: 503, expected: true })
}
