import { connect, type Socket } from 'node:net'

/** A client that sends exactly what it is told to. */
export class RawSocket {
  readonly socket: Socket
  readonly #closed: Promise<void>
  #received = ''
  #wake: (() => void)[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#wakeAll()
    })
    // A reset is one of the ways in which a server ends a connection.
    socket.on('error', () => {})
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.once('close', () => this.#wakeAll())
  }

  static async open(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve())
      socket.once('error', reject)
    })
    return new RawSocket(socket)
  }

  /** All that has come so far. */
  get received(): string {
    return this.#received
  }

  send(text: string | Buffer): this {
    this.socket.write(text)
    return this
  }

  /** Closes the sending half. */
  end(): this {
    this.socket.end()
    return this
  }

  /** Resolves when what came matches; rejects where the connection ends before that. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#received)) {
      if (this.socket.destroyed)
        throw new Error(`The connection ended before ${pattern} came; what came: ${JSON.stringify(this.#received)}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    return this.#received
  }

  /** All that came until the server closed the connection. */
  async whole(): Promise<string> {
    if (this.socket.readableEnded) this.socket.end()
    else this.socket.once('end', () => this.socket.end())
    await this.#closed
    return this.#received
  }

  destroy(): void {
    this.socket.destroy()
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** Sends a text on a connection of its own and resolves with all that comes back until the server closes. */
export async function exchange(url: string, text: string | Buffer): Promise<string> {
  const socket = await RawSocket.open(url)
  try {
    return await socket.send(text).whole()
  } finally {
    socket.destroy()
  }
}

/** The status lines in what a server sent. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
