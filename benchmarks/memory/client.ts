import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A connection to a server that stays open. */
export class Client implements Disposable {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Opens a connection, and has one request answered on it. */
  static async open(url: string): Promise<Client> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const client = new Client(socket)
    client.send('/')
    await once(socket, 'data')
    socket.on('data', () => {})
    return client
  }

  /** Opens some, a few at a time. */
  static async openSome(url: string, count: number): Promise<Client[]> {
    const clients: Client[] = []
    while (clients.length < count) {
      const next = Array.from({ length: Math.min(50, count - clients.length) }, () => Client.open(url))
      clients.push(...(await Promise.all(next)))
    }
    return clients
  }

  /** Sends a request, whose answer is not waited for. */
  send(path: string): void {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`)
  }

  [Symbol.dispose](): void {
    this.#socket.on('error', () => {})
    this.#socket.destroy()
  }
}
