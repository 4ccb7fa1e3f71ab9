import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy in front of a server that can lose an answer: what was asked for took effect, and nobody hears of it. */
export interface LossyProxy extends AsyncDisposable {
  readonly url: string
  /** How many answers were lost. */
  readonly lost: number
  /** Cuts the next connection that asks for something with this text in it, once the server has answered; the answer must be a short one. */
  loseAnswerTo(text: string): void
}

/** Puts a proxy in front of the server of a URL. */
export async function lossyProxy(url: string): Promise<LossyProxy> {
  const { hostname, port, username, pathname } = new URL(url)
  const sockets = new Set<Socket>()
  const wanted = new Set<string>()
  let lost = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname)
    let isCut = false
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    client.on('data', (chunk: Buffer) => {
      const found = [...wanted].find((text) => chunk.includes(text))
      if (found !== undefined && wanted.delete(found)) isCut = true
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (isCut) {
        lost++
        end()
      } else client.write(chunk)
    })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', end)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `postgres://${username}@127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    get lost() {
      return lost
    },
    loseAnswerTo: (text) => void wanted.add(text),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
