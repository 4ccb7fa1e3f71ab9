import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, Readable, type Duplex } from 'node:stream'
import type { HttpContext } from '../context.ts'
import { errorResponse } from '../problem.ts'
import type { HttpResponse } from '../response.ts'
import type { HttpExchange } from '../source.ts'

/** A connection whose client asks for a WebSocket and has not been answered yet. */
export class Asking implements HttpExchange {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** The first bytes behind the request; empty or not, they hold on to the whole chunk that came with it. */
  #head: Buffer | undefined
  /** Let go of when the connection becomes a WebSocket: its context may live for days. */
  #response: ServerResponse | undefined

  private constructor(response: ServerResponse, socket: Duplex, head: Buffer) {
    this.request = response.req
    this.socket = socket
    this.#head = head
    this.#response = response
    socket.on('drain', this.#onDrain)
    socket.on('end', this.#onEnd)
    socket.on('readable', this.#onReadable)
  }

  /** Takes a connection; `undefined` where an earlier, pipelined request is still being answered: nothing may come in between. */
  static open(request: IncomingMessage, socket: Duplex, head: Buffer): Asking | undefined {
    // Node took its own listeners away; that the connection has broken is told by `close`.
    socket.on('error', ignore)
    const response = new (process.getBuiltinModule('node:http').ServerResponse)(request)
    try {
      response.assignSocket(request.socket)
    } catch {
      return undefined
    }
    return new Asking(response, socket, head)
  }

  get writableFinished(): boolean {
    return this.#response?.writableFinished === true
  }

  once(_event: 'close', listener: () => void): void {
    this.socket.once('close', listener)
  }

  /** Gives the connection away, to become a WebSocket, with the first bytes behind the request. */
  release(): Buffer {
    this.socket.off('drain', this.#onDrain)
    this.socket.off('end', this.#onEnd)
    this.socket.off('readable', this.#onReadable)
    this.#response?.detachSocket(this.request.socket)
    this.#response = undefined
    const head = this.#head ?? Buffer.alloc(0)
    this.#head = undefined
    return head
  }

  /** Answers with something other than 101 and resolves when the connection has closed. */
  refuse(answer: HttpResponse, ctx: HttpContext): Promise<void> {
    const { socket } = this
    const response = this.#response
    return new Promise((resolve) => {
      if (socket.destroyed || response === undefined) return resolve()
      socket.once('close', resolve)
      response.once('finish', () => socket.end(() => socket.destroy()))
      try {
        write(answer, response)
      } catch (error) {
        // A header that cannot be sent, such as one with a line break in it.
        if (response.headersSent) socket.destroy()
        else write(errorResponse(error, ctx), response)
      }
    })
  }

  readonly #onDrain = (): void => {
    this.#response?.emit('drain')
  }

  /** A client that closes its half before it was answered has gone. */
  readonly #onEnd = (): void => {
    if (this.#response?.headersSent !== true) this.socket.destroy()
  }

  /** Only what is read from can tell that it has ended; early messages stay where they are. */
  readonly #onReadable = (): void => {
    if (this.socket.readableLength === 0) this.socket.read()
  }
}

function write({ status, headers, body }: HttpResponse, response: ServerResponse): void {
  headers.set('connection', status === 426 ? 'upgrade, close' : 'close')
  response.writeHead(status, headers.raw)
  if (body instanceof Readable) pipeline(body, response, ignore)
  else response.end(body ?? '')
}

function ignore(): void {}
