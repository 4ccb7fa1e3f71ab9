import type { JoinPath } from '../path.ts'
import type { Route } from '../route.ts'
import { checkSocketRoute } from './check.ts'
import { WsRoute } from './endpoint.ts'
import type { Incoming, KnownWsOptions, Outgoing, SocketOf, WsHandlers, WsOptions } from './options.ts'

/** Declares a WebSocket route, `(path, handlers)` or `(path, options, handlers)`, and gives the handle to push to its clients. */
export interface DeclareWs<Prefix extends string> {
  <const Path extends string>(
    path: Path,
    handlers: WsHandlers<SocketOf<JoinPath<Prefix, Path>, Record<never, never>>, unknown>,
  ): WsRoute<unknown, SocketOf<JoinPath<Prefix, Path>, Record<never, never>>>
  <const Path extends string, const O extends WsOptions>(
    path: Path,
    options: KnownWsOptions<O>,
    handlers: WsHandlers<SocketOf<JoinPath<Prefix, Path>, O>, Incoming<O>>,
  ): WsRoute<Outgoing<O>, SocketOf<JoinPath<Prefix, Path>, O>>
}

/** A WebSocket route as it was declared. */
export interface SocketRoute {
  /** Its handshake as a GET route, with what it inherits from the routers around it. */
  readonly route: Route
  readonly options: WsOptions
  /** Sockets and messages arrive typed as `options` say: this is where the handlers' own types end. */
  readonly handlers: WsHandlers<never, never>
  readonly endpoint: WsRoute
}

/** Checks a declaration. Throws an `OptionError` for one that cannot be meant. */
export function declareSocket(path: string, rest: readonly unknown[]): SocketRoute {
  const [options, handlers] = rest.length === 1 ? [{}, rest[0]] : rest
  checkSocketRoute(path, options, handlers)
  return {
    route: { method: 'GET', path, options, middleware: options.use ?? [], handler: () => undefined },
    options,
    handlers: handlers as WsHandlers<never, never>,
    endpoint: new WsRoute(),
  }
}
