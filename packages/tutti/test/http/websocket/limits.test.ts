import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { App, type Middleware } from '../../../src/index.ts'
import { fakeClock } from '../../../src/testing/index.ts'
import { closeCode, dropRawSockets, frame, open, rawSocket, refused, until, type Client } from './client.ts'

let app: App

function newApp(): App {
  app = new App({ name: 't', log: { level: 'silent' } })
  return app
}

const start = async (): Promise<string> => (await app.listen(0)).url

afterEach(async () => {
  dropRawSockets()
  await app.stop()
})

describe('heartbeats', () => {
  function withClock() {
    const clock = fakeClock()
    app = new App({ name: 't', log: { level: 'silent' }, clock })
    app.get('/', () => 'after what was sent before')
    return clock
  }

  /** A client that counts its pings; what it answered has reached the server once that has answered a later request. */
  async function pinged(url: string) {
    const client = await open(url)
    let pings = 0
    client.ws.on('ping', () => pings++)
    return {
      ...client,
      async until(count: number): Promise<void> {
        await until(() => pings === count)
        await fetch(url)
      },
    }
  }

  it('cut off peers that do not answer, and leave those that do', async () => {
    const clock = withClock()
    const ended: number[] = []
    const feed = app.ws('/', { heartbeat: '30s' }, { close: (_, { code }) => void ended.push(code) })
    const url = await start()
    const alive = await pinged(url)
    await rawSocket(url)
    await until(() => feed.size === 2)
    for (let beat = 1; beat <= 5; beat++) {
      await clock.advance('30s')
      await alive.until(beat)
    }
    expect([ended, feed.size]).toEqual([[1006], 1])
    expect(alive.ws.readyState).toBe(alive.ws.OPEN)
  })

  it('count what came in time, though nobody could read it until the next one', async () => {
    app = new App({ name: 't', log: { level: 'silent' } })
    const feed = app.ws('/', { heartbeat: '1s' }, {})
    const { socket } = await rawSocket(await start())
    await once(socket, 'data')
    socket.write(frame(0x8a, ''))
    // Longer than a heartbeat; the answer waits in the kernel.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)
    const [ping] = (await once(socket, 'data')) as [Buffer]
    expect([ping[0], feed.size]).toEqual([0x89, 1])
  })

  it('do not hold it against a peer that it is not read from', async () => {
    const clock = withClock()
    const gate = Promise.withResolvers<void>()
    const seen: unknown[] = []
    const feed = app.ws(
      '/',
      { heartbeat: '30s', maxQueue: 2 },
      {
        async message(_, data) {
          await gate.promise
          seen.push(data)
        },
      },
    )
    const url = await start()
    const client = await pinged(url)
    for (let i = 0; i < 10; i++) client.send(i)
    await fetch(url)
    for (let beat = 1; beat <= 5; beat++) {
      await clock.advance('30s')
      await client.until(beat)
    }
    gate.resolve()
    await until(() => seen.length === 10)
    for (let beat = 6; beat <= 8; beat++) {
      await clock.advance('30s')
      await client.until(beat)
    }
    expect([feed.size, seen]).toEqual([1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
  })

  it('can be off; idle sockets are closed all the same where the route says so', async () => {
    const clock = withClock()
    app.ws('/', { heartbeat: 0, idleTimeout: '1m' }, { message: (socket, data) => void socket.send(data) })
    const client = await open(await start())
    client.ws.on('ping', () => expect.unreachable('No heartbeat was asked for.'))
    for (const text of ['busy', 'still busy']) {
      client.send(text)
      expect(await client.next()).toBe(text)
      await clock.advance('50s')
    }
    expect(client.ws.readyState).toBe(client.ws.OPEN)
    await clock.advance('30s')
    expect((await client.closed).code).toBe(1000)
  })
})

describe('maxConnections', () => {
  it('answers more with 503', async () => {
    const feed = newApp().ws('/', { maxConnections: 2 }, {})
    const url = await start()
    const [first] = await Promise.all([open(url), open(url)])
    const answer = await refused(url)
    expect(answer).toMatchObject({ status: 503, body: { code: 'TUTTI_SOCKETS_FULL' }, headers: { 'retry-after': '5' } })
    first.ws.close()
    await until(() => feed.size === 1)
    await open(url)
  })

  it('holds where many come at once', async () => {
    const late: Middleware = async (_, next) => {
      await next()
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    const feed = newApp().ws('/', { maxConnections: 3, use: [late] }, {})
    const url = await start()
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => open(url)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(feed.size).toBe(3)
  })
})

describe('messages that wait', () => {
  it('stop the reading, so that a fast client fills its own memory', async () => {
    const gate = Promise.withResolvers<void>()
    let handled = 0
    newApp().ws(
      '/',
      { format: 'text', maxQueue: 4 },
      {
        async message() {
          await gate.promise
          handled++
        },
      },
    )
    const client = await open(await start())
    const total = 400
    for (let i = 0; i < total; i++) client.ws.send('x'.repeat(100_000))
    const before = process.memoryUsage().arrayBuffers
    await until(() => client.ws.bufferedAmount > 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    // 40 MB were sent: what is not in the buffers of both kernels is still with the client.
    expect(client.ws.bufferedAmount).toBeGreaterThan(10_000_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
    gate.resolve()
    await until(() => handled === total)
    expect(client.ws.bufferedAmount).toBe(0)
  })

  it('are handled in order, however many come in one chunk', async () => {
    const seen: string[] = []
    newApp().ws(
      '/',
      { format: 'text', maxQueue: 3 },
      {
        async message(_, text) {
          if (seen.length % 700 === 0) await new Promise((resolve) => setImmediate(resolve))
          seen.push(text)
        },
      },
    )
    const { socket } = await rawSocket(await start())
    const texts = Array.from({ length: 5000 }, (_, i) => String(i))
    socket.write(Buffer.concat(texts.map((text) => frame(0x81, text))))
    await until(() => seen.length === 5000)
    expect(seen).toEqual(texts)
  })
})

describe('a client that reads too slowly', () => {
  const big = 'x'.repeat(64 * 1024)

  async function slow(options: object): Promise<{ readonly url: string; readonly feed: ReturnType<typeof declare> }> {
    const feed = declare(options)
    const url = await start()
    const { socket } = await rawSocket(url)
    socket.pause()
    await until(() => feed.size === 1)
    return { url, feed }
  }

  const ended: number[] = []
  const declare = (options: object) =>
    newApp().ws('/', { format: 'text', maxBacklog: '256kb', heartbeat: 0, ...options }, { close: (_, { code }) => void ended.push(code) })

  it('is closed with 1013, and others get everything', async () => {
    ended.length = 0
    const { url, feed } = await slow({})
    const fast = await open(url)
    await until(() => feed.size === 2)
    let received = 0
    fast.ws.on('message', () => received++)
    let sent = 0
    while (feed.size === 2) {
      feed.broadcast(big)
      sent++
      await until(() => received === sent)
    }
    for (const socket of feed.sockets()) expect(socket.backlog).toBeLessThanOrEqual(256 * 1024 + big.length + 16)
    expect([feed.broadcast(big), feed.size]).toEqual([1, 1])
    await until(() => received === sent + 1)
    dropRawSockets()
    await until(() => ended.length === 1)
    expect(ended).toEqual([1013])
  })

  it('loses messages where the route drops them', async () => {
    const { feed } = await slow({ onBacklog: 'drop' })
    const [socket] = feed.sockets()
    while (socket?.send(big) === true);
    const full = socket?.backlog ?? 0
    for (let i = 0; i < 1000; i++) expect(feed.broadcast(big)).toBe(0)
    expect(socket?.backlog).toBe(full)
    expect(full).toBeLessThan(256 * 1024 + big.length + 16)
    expect([socket?.isOpen, feed.size]).toEqual([true, 1])
  })

  it('holds back a sender that waits for it', async () => {
    newApp().ws(
      '/',
      { format: 'text', maxBacklog: '256kb' },
      {
        async open(socket) {
          let most = 0
          for (let i = 0; i < 300 && (await socket.drained()); i++) {
            expect(socket.send(`${i} ${big}`)).toBe(true)
            most = Math.max(most, socket.backlog)
          }
          socket.close(1000, String(most))
        },
      },
    )
    const client: Client = await open(await start())
    client.ws.pause()
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.ws.resume()
    for (let i = 0; i < 300; i++) expect(String(await client.next()).startsWith(`${i} x`)).toBe(true)
    const { code, reason } = await client.closed
    expect(code).toBe(1000)
    expect(Number(reason)).toBeLessThanOrEqual(256 * 1024)
  })

  it('does not keep a waiting sender for ever when it goes away', async () => {
    let open: boolean | undefined
    newApp().ws(
      '/',
      { format: 'text', maxBacklog: '64kb' },
      {
        async open(socket) {
          while (await socket.drained()) socket.send(big)
          open = socket.isOpen
        },
      },
    )
    const { socket } = await rawSocket(await start())
    socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 30))
    socket.destroy()
    await until(() => open === false)
  })

  it('that answers no close frame is cut off', async () => {
    const feed = newApp().ws('/', {}, { message: (socket) => socket.close(4000) })
    const { socket } = await rawSocket(await start())
    const answered = closeCode(socket)
    const gone = new Promise((resolve) => socket.once('close', resolve))
    socket.write(frame(0x81, '1'))
    expect(await answered).toBe(4000)
    expect(feed.size).toBe(0)
    await gone
  })
})
