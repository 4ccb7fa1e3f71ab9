import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { WebSocket, type ClientOptions } from 'ws'

/** A WebSocket client that keeps what it gets. */
export interface Client {
  readonly ws: WebSocket
  /** The next message, parsed. */
  next(): Promise<unknown>
  send(value: unknown): void
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** Connects to `path` of an http URL. Rejects with the response's status where the handshake is refused. */
export async function open(url: string, options: ClientOptions & { readonly protocols?: string[] } = {}): Promise<Client> {
  const { protocols = [], ...rest } = options
  const ws = new WebSocket(url.replace(/^http/, 'ws'), protocols, rest)
  const waiting: unknown[] = []
  const asking: ((value: unknown) => void)[] = []
  ws.on('message', (data: Buffer, binary) => {
    const value: unknown = binary ? data : parse(data.toString())
    const asker = asking.shift()
    if (asker === undefined) waiting.push(value)
    else asker(value)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  await once(ws, 'open')
  ws.on('error', () => {})
  return {
    ws,
    closed,
    next: () => (waiting.length > 0 ? Promise.resolve(waiting.shift()) : new Promise((resolve) => asking.push(resolve))),
    send: (value) => ws.send(JSON.stringify(value)),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The answer to a handshake that is refused. */
export interface Refused {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: { readonly code?: string; readonly detail?: string; readonly errors?: readonly { readonly path: string }[] }
}

/** Tries to connect and gives the answer. */
export function refused(url: string, options: ClientOptions & { readonly protocols?: string[] } = {}): Promise<Refused> {
  const { protocols = [], ...rest } = options
  const ws = new WebSocket(url.replace(/^http/, 'ws'), protocols, rest)
  return new Promise((resolve, reject) => {
    ws.on('open', () => reject(new Error('The handshake was accepted.')))
    ws.on('error', reject)
    ws.on('unexpected-response', (_, response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) as Refused['body'] }),
      )
    })
  })
}

const rawSockets = new Set<Socket>()

/** Drops the raw connections, which answer no close frame. */
export function dropRawSockets(): void {
  for (const socket of rawSockets) socket.destroy()
  rawSockets.clear()
}

/** A raw connection after the bytes of a proper handshake, for frames that no library would send. */
export async function rawSocket(
  url: string,
  headers: readonly string[] = handshake,
): Promise<{ readonly socket: Socket; readonly head: string }> {
  const { hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  rawSockets.add(socket)
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`)
  const [head] = (await once(socket, 'data')) as [Buffer]
  return { socket, head: head.toString() }
}

/** The header lines of a proper handshake. */
export const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** A frame of a client: its payload is masked with zeros, so it stays readable. */
export function frame(first: number, payload: Uint8Array | string, masked = true): Buffer {
  const data = Buffer.from(payload)
  const length = data.length < 126 ? [data.length] : [126, data.length >> 8, data.length & 255]
  length[0] = (length[0] as number) | (masked ? 0x80 : 0)
  return Buffer.concat([Buffer.from([first, ...length]), ...(masked ? [Buffer.alloc(4)] : []), data])
}

/** The code of the close frame that the server sends next. */
export function closeCode(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const at = received.indexOf(0x88)
      if (at >= 0 && received.length >= at + 4) resolve(received.readUInt16BE(at + 2))
    })
    socket.on('close', () => reject(new Error('The connection closed without a close frame.')))
  })
}

/** Waits until something is so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}
