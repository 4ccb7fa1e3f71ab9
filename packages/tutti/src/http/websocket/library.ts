import { WebSocketServer, type WebSocket } from 'ws'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** One WebSocket on the wire: frames, masks, pings and the closing handshake (RFC 6455). */
export interface Wire {
  readonly protocol: string
  readonly isOpen: boolean
  /** Bytes that wait to be taken by the network. */
  readonly backlog: number
  send(data: string | Uint8Array, binary: boolean): void
  /** `flushed` is called when everything sent before has been taken by the network, or never will be. */
  ping(flushed?: () => void): void
  close(code: number, reason: string): void
  /** Cuts the connection without a word. */
  terminate(): void
  /** Stops reading, so that the peer cannot send for long either. */
  pause(): void
  resume(): void
  /** Tells of what happens from now on. */
  listen(events: WireEvents): void
}

/** What happens on the wire. */
export interface WireEvents {
  message(data: Buffer, binary: boolean): void
  /** A sign of life: a ping or a pong. */
  alive(): void
  /** The peer broke the protocol or a limit; the wire closes itself with this code. */
  violated(code: number, error: Error): void
  closed(code: number, reason: string): void
}

/** What the server says to a client whose handshake it takes. */
export interface Acceptance {
  readonly protocol: string | undefined
  /** Further header lines of the 101. */
  readonly headers: readonly string[]
}

/** How long a peer may take to answer a close, in milliseconds. */
const closeTimeout = 5000

/** Turns connections whose handshake has been checked into WebSockets. */
export class Acceptor {
  readonly #server: WebSocketServer
  #acceptance: Acceptance | undefined

  constructor(limits: { readonly maxMessageSize: number; readonly compress: boolean }) {
    // A constant of its own: closeTimeout is younger than the library's types.
    const options = {
      noServer: true,
      clientTracking: false,
      maxPayload: limits.maxMessageSize,
      closeTimeout,
      handleProtocols: () => this.#acceptance?.protocol ?? false,
      // A window kept between messages compresses better, and would cost each silent socket hundreds of kilobytes.
      perMessageDeflate: limits.compress ? { threshold: 1024, serverNoContextTakeover: true, clientNoContextTakeover: true } : false,
    }
    this.#server = new WebSocketServer(options)
    this.#server.on('headers', (lines) => lines.push(...(this.#acceptance?.headers ?? [])))
  }

  /** Answers with 101. `undefined` where the client has gone, or where `refused` was told that an extension header makes no sense. */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    terms: { readonly head: Buffer; readonly acceptance: Acceptance; readonly refused: (error: Error) => void },
  ): Wire | undefined {
    let wire: Wire | undefined
    this.#acceptance = terms.acceptance
    this.#server.once('wsClientError', terms.refused)
    // The library answers at once, so what belongs to this handshake can be kept in a field meanwhile.
    this.#server.handleUpgrade(request, socket, terms.head, (accepted) => {
      wire = new LibraryWire(accepted)
    })
    this.#server.off('wsClientError', terms.refused)
    this.#acceptance = undefined
    return wire
  }
}

class LibraryWire implements Wire {
  readonly #socket: WebSocket

  constructor(socket: WebSocket) {
    this.#socket = socket
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get backlog(): number {
    return this.#socket.bufferedAmount
  }

  send(data: string | Uint8Array, binary: boolean): void {
    this.#socket.send(data, { binary })
  }

  ping(flushed?: () => void): void {
    this.#socket.ping(undefined, false, flushed)
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  listen(events: WireEvents): void {
    const socket = this.#socket
    // With the binary type that it has by default, the library gives each message as one Buffer.
    socket.on('message', (data, binary) => events.message(data as Buffer, binary))
    socket.on('ping', () => events.alive())
    socket.on('pong', () => events.alive())
    socket.on('error', (error) => events.violated(violationCode(error), error))
    socket.on('close', (code, reason) => events.closed(code, reason.toString()))
  }
}

function violationCode(error: Error & { readonly code?: unknown }): number {
  switch (error.code) {
    case 'WS_ERR_INVALID_UTF8':
      return 1007
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return 1009
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return 1008
    default:
      return 1002
  }
}
