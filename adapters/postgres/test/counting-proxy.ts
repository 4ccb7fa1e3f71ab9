import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy in front of a server that counts what its clients wait for. */
export interface CountingProxy extends AsyncDisposable {
  readonly url: string
  /** How often a client has asked for an answer: with a plain query, or at the end of others. */
  readonly roundTrips: number
}

const sync = 0x53
const query = 0x51

/** Puts a proxy in front of the server of a URL. */
export async function countingProxy(url: string): Promise<CountingProxy> {
  const { hostname, port, username, pathname } = new URL(url)
  const sockets = new Set<Socket>()
  let roundTrips = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname)
    const messages = new FrontendMessages((type) => {
      if (type === sync || type === query) roundTrips++
    })
    client.on('data', (chunk: Buffer) => messages.push(chunk))
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `postgres://${username}@127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    get roundTrips() {
      return roundTrips
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Takes the types of messages out of what a client sends. The first message has none. */
class FrontendMessages {
  readonly #onMessage: (type: number) => void
  #rest: Buffer = Buffer.alloc(0)
  #started = false

  constructor(onMessage: (type: number) => void) {
    this.#onMessage = onMessage
  }

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const head = this.#started ? 1 : 0
      if (this.#rest.length < head + 4) return
      const end = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < end) return
      if (this.#started) this.#onMessage(this.#rest[0] ?? 0)
      this.#started = true
      this.#rest = this.#rest.subarray(end)
    }
  }
}
