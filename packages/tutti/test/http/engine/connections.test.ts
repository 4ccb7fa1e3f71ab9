import { once } from 'node:events'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { App, reply, sse } from '../../../src/index.ts'
import { RawSocket, exchange, statuses } from './raw-socket.ts'

const host = 'Host: a.example\r\n'
const last = 'Connection: close\r\n'

/** Something that a handler waits for and a test brings about. */
function gate<T = void>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>()
}

let url = ''
let held = gate()
let entered = gate()
let gone = gate<unknown>()
let destroyed = gate()
const app = new App({ name: 't', log: { level: 'silent' } })
app.get('/fast', () => 'fast')
app.get('/held', async () => {
  entered.resolve()
  await held.promise
  return 'held'
})
app.get('/watched', async ({ signal }) => {
  entered.resolve()
  await once(signal, 'abort')
  gone.resolve(signal.reason)
  return 'too late'
})
app.get('/stream', (ctx) => {
  ctx.signal.addEventListener('abort', () => gone.resolve(ctx.signal.reason))
  const stream = Readable.from(
    (async function* () {
      for (;;) {
        yield 'x'.repeat(1000)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })(),
  )
  stream.once('close', () => destroyed.resolve())
  return stream
})
app.get('/events', (ctx) =>
  sse(
    (async function* () {
      yield 'hello'
      await once(ctx.signal, 'abort')
      gone.resolve(ctx.signal.reason)
    })(),
  ),
)
app.get('/deaf-events', () =>
  sse({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<string>>(() => {}),
      return: () => {
        destroyed.resolve()
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }),
)
app.get('/injected', () => reply(200, 'x', { 'x-a': 'one\r\nx-b: two' }))
app.get('/injected-name', () => reply(200, 'x', { 'x-a: one\r\nx-b': 'two' }))
app.get('/injected-stream', () => {
  const stream = Readable.from(['x'])
  stream.once('close', () => destroyed.resolve())
  return reply(200, stream, { 'x-a': 'a\nb' })
})
app.get('/impossible-status', () => reply(99, 'x'))
app.get('/broken-stream', () =>
  Readable.from(
    (async function* () {
      yield 'half'
      throw new Error('the disk is on fire')
    })(),
  ),
)

beforeAll(async () => {
  url = (await app.listen(0)).url
})
afterAll(() => app.stop())

function reset(): void {
  held = gate()
  entered = gate()
  gone = gate()
  destroyed = gate()
}

describe('pipelining', () => {
  it('answers in the order of the requests, also when a later handler finishes first', async () => {
    reset()
    const socket = await RawSocket.open(url)
    socket.send(`GET /held HTTP/1.1\r\n${host}\r\nGET /fast HTTP/1.1\r\n${host}\r\nGET /none HTTP/1.1\r\n${host}${last}\r\n`)
    await entered.promise
    await (await fetch(`${url}/fast`)).text()
    expect(socket.received).toBe('')
    held.resolve()
    const answer = await socket.whole()
    expect(statuses(answer)).toEqual([200, 200, 404])
    expect(answer.indexOf('held')).toBeLessThan(answer.indexOf('fast'))
  })

  it('answers the request in progress, and none that is malformed in its place', async () => {
    reset()
    const socket = await RawSocket.open(url)
    socket.send(`GET /held HTTP/1.1\r\n${host}\r\n`)
    await entered.promise
    socket.send('GARBAGE\r\n\r\n')
    await (await fetch(`${url}/fast`)).text()
    held.resolve()
    const answer = await socket.whole()
    expect(statuses(answer)).toEqual([200])
    expect(answer).toContain('held')
  })

  it('answers a hundred requests in one write', async () => {
    const answer = await exchange(url, `GET /fast HTTP/1.1\r\n${host}\r\n`.repeat(99) + `GET /fast HTTP/1.1\r\n${host}${last}\r\n`)
    expect(statuses(answer)).toEqual(Array.from({ length: 100 }, () => 200))
  })
})

describe('clients that close their sending half', () => {
  it('still get their response', async () => {
    reset()
    const socket = await RawSocket.open(url)
    socket.send(`GET /held HTTP/1.1\r\n${host}\r\n`).end()
    await entered.promise
    await (await fetch(`${url}/fast`)).text()
    held.resolve()
    const answer = await socket.whole()
    expect(statuses(answer)).toEqual([200])
    expect(answer).toMatch(/held$/)
  })

  it('get all the responses to what they pipelined', async () => {
    reset()
    const socket = await RawSocket.open(url)
    socket.send(`GET /held HTTP/1.1\r\n${host}\r\nGET /fast HTTP/1.1\r\n${host}\r\n`).end()
    await entered.promise
    held.resolve()
    expect(statuses(await socket.whole())).toEqual([200, 200])
  })

  it('are seen by those who watch the signal, and get what the handler returns', async () => {
    reset()
    const socket = await RawSocket.open(url)
    socket.send(`GET /watched HTTP/1.1\r\n${host}\r\n`)
    await entered.promise
    socket.end()
    expect(await gone.promise).toBeInstanceOf(Error)
    expect(await socket.whole()).toMatch(/too late$/)
  })

  it('are refused where their request is not complete', async () => {
    const socket = await RawSocket.open(url)
    expect(
      statuses(await socket.send(`POST /fast HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nhalf`).end().whole()).at(-1),
    ).toBeGreaterThanOrEqual(400)
  })
})

describe('clients that go away', () => {
  it('fire the signal and end the stream in the middle of a response', async () => {
    reset()
    const socket = await RawSocket.open(url)
    await socket.send(`GET /stream HTTP/1.1\r\n${host}\r\n`).until(/x{100}/)
    socket.destroy()
    await Promise.all([gone.promise, destroyed.promise])
  })

  it('fire the signal of a handler that is still at work', async () => {
    reset()
    const socket = await RawSocket.open(url)
    socket.send(`GET /watched HTTP/1.1\r\n${host}\r\n`)
    await entered.promise
    socket.destroy()
    expect(await gone.promise).toBeInstanceOf(Error)
  })

  it('fire the signal of a silent event stream at once', async () => {
    reset()
    const socket = await RawSocket.open(url)
    await socket.send(`GET /events HTTP/1.1\r\n${host}\r\n`).until(/hello/)
    socket.destroy()
    expect(await gone.promise).toBeInstanceOf(Error)
  })

  it('end an event stream whose producer listens to nobody', async () => {
    reset()
    const socket = await RawSocket.open(url)
    await socket.send(`GET /deaf-events HTTP/1.1\r\n${host}\r\n`).until(/:\n\n/)
    socket.destroy()
    await destroyed.promise
  })
})

describe('responses that cannot be sent', () => {
  for (const path of ['/injected', '/injected-name', '/injected-stream', '/impossible-status']) {
    it(`answers ${path} with 500 and nothing of it`, async () => {
      reset()
      const answer = await exchange(url, `GET ${path} HTTP/1.1\r\n${host}${last}\r\n`)
      expect(statuses(answer)).toEqual([500])
      expect(answer).not.toContain('x-b')
      expect(answer).toContain('TUTTI_INTERNAL')
      if (path === '/injected-stream') await destroyed.promise
    })
  }

  it('cuts the connection where a stream fails, so that half a body does not look whole', async () => {
    const answer = await exchange(url, `GET /broken-stream HTTP/1.1\r\n${host}\r\n`)
    expect(answer).toContain('half')
    expect(answer).not.toContain('\r\n0\r\n\r\n')
    expect(answer).not.toContain('on fire')
  })
})
