import type { HttpContext } from '../context.ts'

/** Why and how a WebSocket ended (RFC 6455 section 7.4). */
export interface WsClosed {
  /** Such as 1000 for a normal end, 1001 for a page that was left or a server that stops, 1006 for a connection that just broke. */
  readonly code: number
  /** Up to 123 bytes of text; empty where none was given. */
  readonly reason: string
}

/** The sockets that have joined a room. */
export interface WsRoom<Out> {
  /** Sends to each of them and returns to how many. */
  send(value: Out): number
}

/** One open WebSocket, as handlers see it. */
export interface WsSocket<Out = unknown, Ctx = HttpContext, Data = unknown> {
  /** A UUIDv7 of its own. */
  readonly id: string
  /** The request that opened it: its parameters, query, cookies, actor, tenant, dependencies and log. Its `signal` fires when the socket closes. */
  readonly ctx: Ctx
  /** The state of this connection: what the option `data` made, free to be replaced. */
  data: Data
  /** The subprotocol that was agreed on; empty where there is none. */
  readonly protocol: string
  readonly rooms: ReadonlySet<string>
  /** Whether it can still be sent to. */
  readonly isOpen: boolean
  /** Bytes that wait to be taken by the network. */
  readonly backlog: number
  /**
   * Sends a message, in the order of the calls. `false` where it was not sent: the socket is closed, or its backlog is full.
   * Throws `TUTTI_SEND_INVALID` where responses are validated and the value does not fit the schema `send`.
   */
  send(value: Out): boolean
  /** Sends a binary message; otherwise like `send`. */
  sendBytes(bytes: Uint8Array): boolean
  /** Resolves when there is room in the backlog: await it between messages when sending many. `false` where the socket has closed. */
  drained(): Promise<boolean>
  /**
   * Closes the socket after what was sent before; a peer that does not answer within seconds is cut off. What it still sends is ignored.
   * Throws `TUTTI_OPTION_INVALID` for a code that must not be sent or a reason over 123 bytes.
   */
  close(code?: number, reason?: string): void
  /** Joins a room of this route; rooms exist as long as somebody is in them. */
  join(room: string): void
  leave(room: string): void
  /** Everybody in a room but this socket. */
  to(room: string): WsRoom<Out>
}
