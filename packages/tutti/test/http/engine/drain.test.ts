import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { drain } from '../../../src/http/engine/drain.ts'
import { Child } from './child.ts'
import { Load } from './load.ts'
import { RawSocket, statuses } from './raw-socket.ts'

const host = 'Host: a.example\r\n'

describe('SIGTERM', () => {
  it('fails no request under load, and ends with 0 after the hooks', async () => {
    await using child = new Child()
    const load = new Load(`${await child.url()}/`)
    await expect.poll(() => load.answered).toBeGreaterThan(200)
    child.signal('SIGTERM')
    expect(await child.exit).toBe(0)
    await load.stop()
    expect(load.failures).toEqual([])
    expect(child.begun).toBe(load.answered)
    expect(child.stdout).toContain('stopped')
    expect(child.stderr).toBe('')
  })

  it('lets requests finish, says that the connection closes, and accepts no other', async () => {
    await using child = new Child()
    const url = await child.url()
    const socket = await RawSocket.open(url)
    socket.send(`GET /held HTTP/1.1\r\n${host}\r\n`)
    await child.until(/held began/)
    child.signal('SIGTERM')
    const refused = async (): Promise<unknown> =>
      new Promise((resolve) => {
        const probe = connect({ host: '127.0.0.1', port: Number(new URL(url).port) })
        probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        probe.once('connect', () => {
          probe.destroy()
          resolve('connected')
        })
      })
    await expect.poll(refused, { interval: 5 }).toBe('ECONNREFUSED')
    child.release()
    const answer = await socket.whole()
    expect(answer).toMatch(/held$/)
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(await child.exit).toBe(0)
  })

  it('answers a request that comes on an idle connection meanwhile', async () => {
    await using child = new Child()
    const url = await child.url()
    const idle = await RawSocket.open(url)
    await idle.send(`GET / HTTP/1.1\r\n${host}\r\n`).until(/ok$/)
    const busy = await RawSocket.open(url)
    busy.send(`GET /held HTTP/1.1\r\n${host}\r\n`)
    await child.until(/held began/)
    child.signal('SIGTERM')
    const answer = await idle.send(`GET / HTTP/1.1\r\n${host}\r\n`).whole()
    expect(statuses(answer)).toEqual([200, 200])
    child.release()
    expect(await busy.whole()).toMatch(/held$/)
    expect(await child.exit).toBe(0)
  })

  it('closes connections that are idle, or on which nothing was ever said', async () => {
    await using child = new Child()
    const url = await child.url()
    const idle = await RawSocket.open(url)
    await idle.send(`GET / HTTP/1.1\r\n${host}\r\n`).until(/ok$/)
    const silent = await RawSocket.open(url)
    child.signal('SIGTERM')
    await Promise.all([idle.whole(), silent.whole()])
    expect(await child.exit).toBe(0)
  })

  it('tells event streams, whose producers may still say something', async () => {
    await using child = new Child()
    const socket = await RawSocket.open(await child.url())
    await socket.send(`GET /events HTTP/1.1\r\n${host}\r\n`).until(/hello/)
    child.signal('SIGTERM')
    const answer = await socket.whole()
    expect(answer).toContain('goodbye')
    expect(answer).toMatch(/0\r\n\r\n$/)
    expect(await child.exit).toBe(0)
  })

  it('ends event streams whose producers do not listen, in order', async () => {
    await using child = new Child()
    const socket = await RawSocket.open(await child.url())
    await socket.send(`GET /deaf HTTP/1.1\r\n${host}\r\n`).until(/hello/)
    child.signal('SIGTERM')
    expect(await socket.whole()).toMatch(/0\r\n\r\n$/)
    expect(await child.exit).toBe(0)
  })

  it('cuts off a handler that never ends when the drain time is over, and ends with 1 after the hooks', async () => {
    await using child = new Child({ app: { drainTimeout: '700ms' } })
    const socket = await RawSocket.open(await child.url())
    socket.send(`GET /never HTTP/1.1\r\n${host}\r\n`)
    await child.until(/never began/)
    child.signal('SIGTERM')
    expect(await socket.whole()).toBe('')
    expect(await child.exit).toBe(1)
    expect(child.stdout).toContain('stopped')
    expect(child.stdout + child.stderr).toContain('1 connections were cut off')
  })

  it('ends at once when it comes a second time', async () => {
    await using child = new Child({ app: { drainTimeout: '60s' } })
    const url = await child.url()
    const socket = await RawSocket.open(url)
    socket.send(`GET /never HTTP/1.1\r\n${host}\r\n`)
    await child.until(/never began/)
    child.signal('SIGTERM')
    const again = setInterval(() => child.signal('SIGTERM'), 150)
    expect(await child.exit).toBe(1)
    clearInterval(again)
    expect(child.stdout).not.toContain('stopped')
    socket.destroy()
  })
})

describe('SIGINT', () => {
  it('ends with 0 without waiting for idle connections', async () => {
    await using child = new Child()
    const idle = await RawSocket.open(await child.url())
    await idle.send(`GET / HTTP/1.1\r\n${host}\r\n`).until(/ok$/)
    const closed = idle.whole()
    child.signal('SIGINT')
    expect(await child.exit).toBe(0)
    await closed
  })
})

describe('a server that is held up while it drains', () => {
  it('reads what has come by then before it takes a connection for idle', async () => {
    const sockets = new Set<Socket>()
    const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
    server.on('connection', (socket) => sockets.add(socket))
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const url = `http://127.0.0.1:${address.port}`
    const [kept, fresh] = [await RawSocket.open(url), await RawSocket.open(url)]
    await kept.send(`GET / HTTP/1.1\r\n${host}\r\n`).until(/ok$/)
    await expect.poll(() => sockets.size).toBe(2)
    const drained = drain({ front: server, http1: server, http2: undefined, sockets }, { timeout: 30_000, grace: 1 })
    for (const socket of [kept, fresh]) socket.send(`GET / HTTP/1.1\r\n${host}\r\n`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    expect(statuses(await fresh.whole())).toEqual([200])
    expect(statuses(await kept.whole())).toEqual([200, 200])
    expect(await drained).toBe(0)
  })
})
