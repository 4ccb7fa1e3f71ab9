import type { Duration, Size } from '../../kernel/index.ts'
import type { InferOutput, Schema } from '../../schema/index.ts'
import type { HttpContext } from '../context.ts'
import type { RouteContext, RouteOptions } from '../route.ts'
import type { WsClosed, WsSocket } from './socket.ts'

/** What a WebSocket route shares with other routes; all of it happens before the connection is upgraded. */
type HandshakeOptions = Pick<
  RouteOptions,
  | 'params'
  | 'query'
  | 'headers'
  | 'cookies'
  | 'deps'
  | 'guard'
  | 'use'
  | 'timeout'
  | 'version'
  | 'constraints'
  | 'summary'
  | 'description'
  | 'tags'
  | 'hidden'
>

/** Everything a WebSocket route can say about itself. */
export interface WsOptions extends HandshakeOptions {
  /** Checks what clients send; `message` gets what it made of it. */
  readonly message?: Schema
  /** The type of what is sent; checked where responses are validated, and used to write JSON. */
  readonly send?: Schema
  /** What text messages are: JSON documents, or text as it is. @default 'json' */
  readonly format?: 'json' | 'text'
  /** Makes the state of a connection, `socket.data`, before it is upgraded. What it throws is the answer. @default undefined */
  readonly data?: (ctx: HttpContext) => unknown
  /**
   * What becomes of a message that does not fit: `reply` sends `{ "error": { code, message, errors } }`; `close` closes with 1007 (not JSON),
   * 1003 (binary where no handler takes it) or 1008 (refused by the schema). @default 'reply'
   */
  readonly onInvalid?: 'reply' | 'close'
  /**
   * The subprotocols that are spoken; the client's first choice among them is taken, and an offer of none of them answered with 400.
   * A function picks one of the offered ones, or none.
   */
  readonly protocols?: readonly string[] | ((offered: readonly string[], ctx: HttpContext) => string | undefined)
  /**
   * Which pages may connect, by the Origin header that browsers send: those of this host, any (`'*'`), those of a list such as
   * `['https://app.example']`, or what a function decides. Clients that send no origin may always connect. @default 'same'
   */
  readonly origin?: 'same' | '*' | readonly string[] | ((origin: string, ctx: HttpContext) => boolean | Promise<boolean>)
  /** The largest message, after decompression; a larger one closes the socket with 1009. @default '1mb' */
  readonly maxMessageSize?: Size
  /** How many messages of a socket may wait for their turn before reading from it pauses. @default 16 */
  readonly maxQueue?: number
  /** How many messages of a socket are handled at a time; they begin in order. @default 1 */
  readonly concurrency?: number
  /** How many bytes may wait to be taken by the network, beyond one message, before `onBacklog` applies. @default '1mb' */
  readonly maxBacklog?: Size
  /** What becomes of a socket whose client reads too slowly: it is closed with 1013, or what does not fit is dropped. @default 'close' */
  readonly onBacklog?: 'close' | 'drop'
  /** How often peers are pinged; one that was silent from one ping to the next is cut off. 0 sends none. @default '30s' */
  readonly heartbeat?: Duration
  /** Closes a socket with 1000 over which no message went in either direction for this time; 0 never does. @default 0 */
  readonly idleTimeout?: Duration
  /** Compresses messages of 1 kb and more (RFC 7692), at a price in time and in memory for each socket. @default false */
  readonly compress?: boolean
  /** The most sockets at a time; more are answered with 503. @default no limit */
  readonly maxConnections?: number
}

/** What happens on a WebSocket. All may be async; the messages of a socket are handled in order, once `open` has ended. */
export interface WsHandlers<Socket, In> {
  open?(socket: Socket): unknown
  /** A text message, or rather what the route's format and schema made of it. */
  message?(socket: Socket, data: In): unknown
  /** A binary message. */
  bytes?(socket: Socket, bytes: Uint8Array): unknown
  /** The end, after the last message has been handled. */
  close?(socket: Socket, closed: WsClosed): unknown
  /**
   * What the other handlers throw. Without this handler, or when it throws itself, errors made for the client (status below 500) are sent
   * as `{ "error": … }`; others are logged, and close the socket with 1011.
   */
  error?(socket: Socket, error: unknown): unknown
}

/** Makes an option that does not exist a type error at its place. */
export type KnownWsOptions<O> = O & { readonly [K in Exclude<keyof O, keyof WsOptions>]: never }

type Otherwise<O, Text> = O extends { readonly format: 'text' } ? Text : unknown

/** What handlers of a route get as messages. */
export type Incoming<O> = O extends { readonly message: infer S extends Schema } ? InferOutput<S> : Otherwise<O, string>

/** What can be sent over the sockets of a route. */
export type Outgoing<O> = O extends { readonly send: infer S extends Schema } ? InferOutput<S> : Otherwise<O, string>

type DataOf<O> = O extends { readonly data: (ctx: never) => infer Data } ? Awaited<Data> : undefined

/** The sockets of a route. */
export type SocketOf<Path extends string, O> = WsSocket<Outgoing<O>, RouteContext<Path, O>, DataOf<O>>
