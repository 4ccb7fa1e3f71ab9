import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A connection on which a test says what it likes and sees exactly what comes back. */
export class RawConnection implements AsyncDisposable {
  readonly socket: Socket
  received = ''
  closed = false
  error: NodeJS.ErrnoException | undefined
  #changed = Promise.withResolvers<void>()

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1')
      this.#signal()
    })
    socket.on('error', (error) => (this.error = error))
    socket.on('close', () => {
      this.closed = true
      this.#signal()
    })
  }

  static async open(url: string): Promise<RawConnection> {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  send(data: string | Buffer): this {
    this.socket.write(data)
    return this
  }

  /** Waits until what was received satisfies the test, or the connection is closed. */
  async until(test: (received: string) => boolean): Promise<string> {
    while (!test(this.received) && !this.closed) await this.#changed.promise
    return this.received
  }

  async untilClosed(): Promise<string> {
    return this.until(() => false)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.untilClosed()
  }

  #signal(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
