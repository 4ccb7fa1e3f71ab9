import type { HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import { HttpHeaders } from '../headers.ts'
import { compose, type Fail, type Handle } from '../middleware.ts'
import { enforce } from '../guard.ts'
import { timeout } from '../middleware/timeout.ts'
import { compileSteps } from '../pipeline.ts'
import { noRules, respond } from '../respond.ts'
import { HttpResponse } from '../response.ts'
import type { HttpServices } from '../services.ts'
import { compileDecode, compileEncode } from './codec.ts'
import type { ConnectionHost } from './connection.ts'
import type { SocketRoute } from './declare.ts'
import { members, type Member } from './endpoint.ts'
import { checkHandshake, chooseProtocol } from './handshake.ts'
import { Acceptor } from './library.ts'
import { resolveSocketLimits } from './limits.ts'
import { MessageObserver } from './observed-messages.ts'
import { compileOrigin } from './origin.ts'
import { Sweep } from './sweep.ts'

/** A route as it is served. */
export interface ServedRoute {
  /** The answer where there are as many connections as there may be. */
  full(): HttpError | undefined
  readonly host: ConnectionHost
  readonly acceptor: Acceptor
  readonly heartbeat: Sweep<Member>
  readonly idle: Sweep<Member>
}

/** The answer 101: middleware sees it like any other response, and may still answer with something else. */
export class Upgrade extends HttpResponse {
  readonly served: ServedRoute
  readonly protocol: string | undefined
  readonly data: unknown

  constructor(served: ServedRoute, protocol: string | undefined, data: unknown) {
    super(101, new HttpHeaders(), null)
    this.served = served
    this.protocol = protocol
    this.data = data
  }
}

/** Compiles what is done before a connection becomes a WebSocket: handshake, origin, guard, schemas, dependencies, state. */
export function compileUpgrade(declared: SocketRoute, services: HttpServices<HttpContext>, fail: Fail): Handle {
  const { route, options } = declared
  const served = serve(declared, services)
  const checkOrigin = compileOrigin(options.origin)
  const steps = compileSteps(route)
  const { guard } = route.options
  const core: Handle = async (ctx) => {
    try {
      checkHandshake(ctx)
      await checkOrigin(ctx)
      const protocol = chooseProtocol(ctx, options.protocols)
      if (guard !== undefined) await enforce(guard, ctx)
      for (const step of steps) await step(ctx)
      const data = await options.data?.(ctx)
      const full = served.full()
      if (full !== undefined) throw full
      return new Upgrade(served, protocol, data)
    } catch (error) {
      return fail(error, ctx)
    }
  }
  const layers = [...(route.options.timeout === undefined ? [] : [timeout(route.options.timeout)]), ...route.middleware]
  const finish = (value: unknown, ctx: HttpContext): HttpResponse | Promise<HttpResponse> => respond(value, ctx, noRules)
  return layers.length === 0 ? core : compose(layers, core, { finish, fail })
}

function serve({ route, options, handlers, endpoint }: SocketRoute, services: HttpServices<HttpContext>): ServedRoute {
  const limits = resolveSocketLimits(options)
  const { clock, telemetry } = services
  const observer = telemetry && new MessageObserver(route.path, telemetry.tracer)
  const connected = endpoint[members]
  connected.encode = compileEncode(route.path, options, services.validateResponses)
  return {
    full: () => (connected.all.size < limits.maxConnections ? undefined : noRoom(route.path, limits.maxConnections)),
    host: { path: route.path, handlers, members: connected, decode: compileDecode(options), limits, clock, observer },
    acceptor: new Acceptor(limits),
    heartbeat: new Sweep(connected.all, { clock, interval: limits.heartbeat }, (connection) => connection.beat()),
    idle: new Sweep(connected.all, { clock, interval: limits.idleTimeout / 4 }, (connection) => connection.checkIdle()),
  }
}

function noRoom(path: string, limit: number): HttpError {
  return new HttpError('TUTTI_SOCKETS_FULL', `${path} has the ${limit} connections that it may have; try again later.`, {
    status: 503,
    expected: true,
    headers: { 'retry-after': 5 },
  })
}
