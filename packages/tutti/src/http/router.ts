import { OptionError } from '../kernel/index.ts'
import { all } from './guard.ts'
import type { Middleware } from './middleware.ts'
import { setsBodyLimit } from './middleware/body-limit.ts'
import { joinPath, type JoinPath } from './path.ts'
import { checkRoute } from './route-check.ts'
import { declareSocket, type DeclareWs, type SocketRoute } from './websocket/declare.ts'
import type { Handler, HandlerResult, KnownOptions, Method, Route, RouteContext, RouteOptions } from './route.ts'

/** What every route of a router shares. */
export interface RouterOptions extends Pick<
  RouteOptions,
  'tags' | 'guard' | 'timeout' | 'bodyLimit' | 'version' | 'constraints' | 'hidden' | 'deprecated'
> {
  /** Middleware around every route of this router. */
  readonly use?: readonly Middleware[]
}

/** A method that declares a route: `(path, handler)` or `(path, options, handler)`. */
export interface Declare<Prefix extends string, Self> {
  <const Path extends string>(path: Path, handler: (ctx: RouteContext<JoinPath<Prefix, Path>, Record<never, never>>) => unknown): Self
  <const Path extends string, const O extends RouteOptions>(
    path: Path,
    options: KnownOptions<O>,
    handler: (ctx: RouteContext<JoinPath<Prefix, Path>, O>) => HandlerResult<O>,
  ): Self
}

const routerBrand: unique symbol = Symbol('router')

/** Declares routes: what `App` and `router()` have in common. */
export abstract class RouteBuilder<Prefix extends string> {
  /** Adds a route or, on a router, keeps it until the router is used. */
  protected abstract add(method: Method, path: string, rest: readonly [RouteOptions, Handler<string, never>]): void

  /** Adds a WebSocket route, or keeps it like `add`. */
  protected abstract addSocket(route: SocketRoute): void

  /** Answers GET, and HEAD where no route of its own does. */
  get get(): Declare<Prefix, this> {
    return this.#declarer('GET')
  }
  get head(): Declare<Prefix, this> {
    return this.#declarer('HEAD')
  }
  get post(): Declare<Prefix, this> {
    return this.#declarer('POST')
  }
  get put(): Declare<Prefix, this> {
    return this.#declarer('PUT')
  }
  get patch(): Declare<Prefix, this> {
    return this.#declarer('PATCH')
  }
  get delete(): Declare<Prefix, this> {
    return this.#declarer('DELETE')
  }
  get options(): Declare<Prefix, this> {
    return this.#declarer('OPTIONS')
  }
  /** Answers every method that has no route of its own. */
  get all(): Declare<Prefix, this> {
    return this.#declarer('ALL')
  }

  /** Opens WebSockets; the handle that it gives sends to them from anywhere. */
  get ws(): DeclareWs<Prefix> {
    const declare = (path: string, ...rest: readonly unknown[]): unknown => {
      const route = declareSocket(path, rest)
      this.addSocket(route)
      return route.endpoint
    }
    // The declaration's types tie the handle's to the options.
    return declare as DeclareWs<Prefix>
  }

  #declarer(method: Method): Declare<Prefix, this> {
    return (path: string, ...rest: readonly unknown[]): this => {
      const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
      checkRoute(method, path, { options, handler })
      this.add(method, path, [options as RouteOptions, handler as Handler<string, never>])
      return this
    }
  }
}

/** Routes under a prefix, with what they share; given to `app.use` or to another router's. Made by `router()`. */
export class Router<Prefix extends string = string> extends RouteBuilder<Prefix> {
  readonly [routerBrand] = true
  readonly prefix: Prefix
  readonly #options: RouterOptions
  readonly #middleware: Middleware[]
  readonly #items: (Route | Router)[] = []
  readonly #sockets: SocketRoute[] = []

  constructor(prefix: Prefix, options: RouterOptions) {
    super()
    this.prefix = prefix
    this.#options = options
    this.#middleware = [...(options.use ?? [])]
  }

  /** Adds middleware around every route of this router, and routers below it. */
  use(...items: readonly (Middleware | Router)[]): this {
    for (const item of items) {
      if (item instanceof Router) this.#items.push(item)
      else if (typeof item === 'function') this.#middleware.push(item)
      else throw new OptionError(`router(${JSON.stringify(this.prefix)}).use received ${String(item)}; wanted middleware or a router.`)
    }
    return this
  }

  /** Every route, with its full path and everything it inherits. */
  routes(): Route[] {
    return this.#items.flatMap((item) => (item instanceof Router ? item.routes() : [item])).map((route) => this.#adopt(route))
  }

  /** Every WebSocket route, like `routes`. */
  sockets(): SocketRoute[] {
    const below = this.#items.flatMap((item) => (item instanceof Router ? item.sockets() : []))
    return [...this.#sockets, ...below].map((socket) => ({ ...socket, route: this.#adopt(socket.route) }))
  }

  protected override addSocket(route: SocketRoute): void {
    this.#sockets.push(route)
  }

  protected override add(method: Method, path: string, [options, handler]: readonly [RouteOptions, Handler<string, never>]): void {
    this.#items.push({ method, path, options, middleware: options.use ?? [], handler })
  }

  #adopt(route: Route): Route {
    const { use: _, tags, guard, constraints, bodyLimit, ...inherited } = this.#options
    const guards = [guard, route.options.guard].filter((item) => item !== undefined)
    return {
      ...route,
      path: joinPath(this.prefix, route.path),
      middleware: [...this.#middleware, ...route.middleware],
      options: {
        ...inherited,
        // A limit that middleware sets further in belongs to a smaller scope.
        ...(bodyLimit !== undefined && !route.middleware.some(setsBodyLimit) && { bodyLimit }),
        ...route.options,
        ...(tags && { tags: [...new Set([...tags, ...(route.options.tags ?? [])])] }),
        ...(guards.length > 1 ? { guard: all(...guards) } : guards[0] && { guard: guards[0] }),
        ...(constraints && { constraints: { ...constraints, ...route.options.constraints } }),
      },
    }
  }
}

/** Groups routes under a prefix such as `/users` or `/teams/:team`, with tags, guards and middleware that they share. Routers nest. */
export function router<const Prefix extends string = ''>(prefix?: Prefix, options: RouterOptions = {}): Router<Prefix> {
  const own = prefix ?? ('' as Prefix)
  checkPrefix(own)
  return new Router(own, options)
}

function checkPrefix(prefix: string): void {
  if (prefix === '' || (prefix.startsWith('/') && !prefix.endsWith('/'))) return
  throw new OptionError(
    `router received the prefix ${JSON.stringify(prefix)}; wanted one that begins with "/" and does not end with "/", such as "/users".`,
  )
}
