import type { IncomingHttpHeaders } from 'node:http'
import type { Dependency, Duration, Resolved, Size } from '../kernel/index.ts'
import type { CommandResult } from '../message/index.ts'
import type { InferOutput, Schema } from '../schema/index.ts'
import type { BodyReader } from './body/reader.ts'
import type { HttpContext } from './context.ts'
import type { Guard } from './guard.ts'
import type { CacheOptions } from './middleware/cache.ts'
import type { Middleware } from './middleware.ts'
import type { PathParams } from './path.ts'
import type { Query } from './query.ts'
import type { Reply, Respondable } from './reply.ts'

/** The methods a route can be for; `ALL` answers every one that has no route of its own. */
export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'ALL'

/** What picks among routes with the same method and path. */
export interface RouteConstraints {
  /** The host the client asked for, without port. */
  readonly host?: string | RegExp
  /** Constraints that the application defines (`new App({ http: { constraints } })`), by name. */
  readonly [name: string]: string | RegExp | undefined
}

/** Everything a route can say about itself. */
export interface RouteOptions {
  readonly params?: Schema
  readonly query?: Schema
  readonly headers?: Schema
  readonly cookies?: Schema
  /** A schema takes JSON and urlencoded forms; `text()`, `bytes()`, `stream()`, `form()` and `multipart()` take other kinds. */
  readonly body?: Schema | BodyReader<unknown>
  /** The schema of each status: checked in development, used to write JSON, documented. A plain value has the lowest 2xx status. */
  readonly response?: Readonly<Record<number, Schema>>
  /** The statuses of rejected commands by their codes. @default 409 for each */
  readonly rejections?: Readonly<Record<string, number>>
  readonly deps?: Readonly<Record<string, Dependency<unknown, HttpContext>>>
  readonly guard?: Guard
  /** Middleware of this route alone, inside that of the application and its routers. */
  readonly use?: readonly Middleware[]
  /** Answers 504 and fires `ctx.signal` after this time. @default none */
  readonly timeout?: Duration
  /** Keeps responses for a while, apart for each user. @default nothing is kept */
  readonly cache?: CacheOptions
  /** The largest body. @default the application's, 1 MB */
  readonly bodyLimit?: Size
  /** The version of the API that this route belongs to, such as `'2'` or `'1.4'`, asked for by `Accept-Version` or the media type. */
  readonly version?: string
  readonly constraints?: RouteConstraints
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly operationId?: string
  readonly deprecated?: boolean
  /** Bodies for the documentation, by name. */
  readonly examples?: Readonly<Record<string, unknown>>
  /** Leaves the route out of the API description. @default false */
  readonly hidden?: boolean
}

/** Makes an option that does not exist a type error at its place. */
export type KnownOptions<O> = O & { readonly [K in Exclude<keyof O, keyof RouteOptions>]: never }

type Part<O, K extends PropertyKey, Otherwise> = O extends { readonly [P in K]: infer S extends Schema } ? InferOutput<S> : Otherwise

type BodyOf<O> = O extends { readonly body: infer B }
  ? B extends BodyReader<infer T>
    ? T
    : B extends Schema
      ? InferOutput<B>
      : unknown
  : unknown

/** The context of a handler: each part is typed as its schema says it arrives. */
export type RouteContext<Path extends string, O> = HttpContext<
  Part<O, 'params', PathParams<Path>>,
  Part<O, 'query', Query>,
  Part<O, 'headers', IncomingHttpHeaders>,
  Part<O, 'cookies', Readonly<Record<string, string>>>,
  BodyOf<O>,
  O extends { readonly deps: infer D extends Readonly<Record<string, Dependency<unknown, HttpContext>>> }
    ? Resolved<D>
    : Readonly<Record<never, never>>
>

type ErrorStatus =
  | 400
  | 401
  | 402
  | 403
  | 404
  | 405
  | 406
  | 408
  | 409
  | 410
  | 411
  | 412
  | 413
  | 414
  | 415
  | 416
  | 417
  | 418
  | 421
  | 422
  | 423
  | 424
  | 425
  | 426
  | 428
  | 429
  | 431
  | 451
  | 500
  | 501
  | 502
  | 503
  | 504

type SuccessStatus<R> =
  Extract<keyof R, 200> extends never ? (Extract<keyof R, 201> extends never ? Extract<keyof R, 202 | 203 | 204 | 206> : 201) : 200

type Declared<R> = {
  readonly [S in keyof R & number]: R[S] extends Schema
    ? Reply<S, Writable<InferOutput<R[S]>>> | (S extends ErrorStatus | 204 ? Reply<S, undefined> : never)
    : never
}[keyof R & number]

type Values<R> = SuccessStatus<R> extends infer S extends keyof R ? (R[S] extends Schema ? Writable<InferOutput<R[S]>> : never) : never

/** What may be written as a `T`: nothing is changed in it, so read-only lists and members will do. */
type Writable<T> = T extends string | number | boolean | bigint | null | undefined | Date | Uint8Array
  ? T
  : T extends object
    ? { readonly [K in keyof T]: Writable<T[K]> }
    : T

/** What a handler may return: anything where no responses are declared, else what they allow. */
export type HandlerResult<O> = O extends { readonly response: infer R } ? Answer<R> | Promise<Answer<R>> : unknown

/** A declared value or reply, or what is a response by itself: a web `Response`, a file, an event stream. */
type Answer<R> = Values<R> | Declared<R> | Response | Respondable | CommandResult

/** Handles the requests of one route. It may be sync or async. */
export type Handler<Path extends string, O> = (ctx: RouteContext<Path, O>) => HandlerResult<O>

/** A route as it was declared, with its full path. */
export interface Route {
  readonly method: Method
  readonly path: string
  readonly options: RouteOptions
  /** Middleware of the routers around it, outermost first, then its own. */
  readonly middleware: readonly Middleware[]
  /** The parts of the request arrive validated as `options` say: this is where the handler's own types end. */
  readonly handler: (ctx: never) => unknown
  /** Answered outside of the application's middleware, as the probes of orchestrators want it. @default false */
  readonly outside?: boolean
}
