import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, httpError, router } from '../../../src/index.ts'
import { currentContext } from '../../../src/kernel/index.ts'
import type { Schema } from '../../../src/schema/index.ts'
import { open, until } from './client.ts'

let app: App
const start = async (): Promise<string> => (await app.listen(0)).url

function newApp(): App {
  app = new App({ name: 't', log: { level: 'silent' } })
  return app
}

afterEach(() => app.stop())

describe('messages', () => {
  it('arrive validated and leave as JSON', async () => {
    newApp().ws(
      '/chat/:room',
      {
        message: z.object({ text: z.string(), at: z.coerce.date() }),
        send: z.object({ room: z.string(), text: z.string(), year: z.number() }),
      },
      {
        message(socket, { text, at }) {
          socket.send({ room: socket.ctx.params.room, text, year: at.getUTCFullYear() })
        },
      },
    )
    const client = await open(`${await start()}/chat/caf%C3%A9`)
    client.send({ text: 'hi', at: '2020-05-01' })
    expect(await client.next()).toEqual({ room: 'café', text: 'hi', year: 2020 })
  })

  it('work with the WebSocket of browsers and Node', async () => {
    newApp().ws('/echo', {
      message(socket, data) {
        socket.send({ echo: data })
      },
    })
    const client = new WebSocket(`${(await start()).replace('http', 'ws')}/echo`)
    await once(client, 'open')
    client.send('[1,2]')
    const [event] = (await once(client, 'message')) as [MessageEvent]
    expect(JSON.parse(event.data)).toEqual({ echo: [1, 2] })
    client.close(4000, 'enough')
    const [closed] = (await once(client, 'close')) as [CloseEvent]
    expect([closed.code, closed.reason]).toEqual([4000, 'enough'])
  })

  it('that do not fit are answered with what is wrong', async () => {
    const seen: unknown[] = []
    newApp().ws('/', { message: z.object({ n: z.number(), s: z.string() }) }, { message: (_, data) => seen.push(data) })
    const client = await open(await start())
    client.send({ n: 'x' })
    expect(await client.next()).toMatchObject({ error: { code: 'TUTTI_VALIDATION', errors: [{ path: 'n' }, { path: 's' }] } })
    for (const text of ['{', '{"__proto__":{"admin":true}}']) {
      client.ws.send(text)
      expect(await client.next()).toMatchObject({ error: { code: 'TUTTI_MESSAGE_MALFORMED' } })
    }
    client.ws.send(Buffer.from([1]))
    expect(await client.next()).toMatchObject({ error: { code: 'TUTTI_MESSAGE_MALFORMED' } })
    client.send({ n: 1, s: 'still open' })
    await until(() => seen.length === 1)
    expect(seen).toEqual([{ n: 1, s: 'still open' }])
  })

  it.each([
    ['{', 1007],
    ['{"n":"x"}', 1008],
    [Buffer.from([1]), 1003],
  ])('that do not fit close the socket where onInvalid says so: %s with %i', async (message, code) => {
    newApp().ws('/', { message: z.object({ n: z.number() }), onInvalid: 'close' }, { message() {} })
    const client = await open(await start())
    client.ws.send(message)
    expect((await client.closed).code).toBe(code)
  })

  it('can be text and bytes', async () => {
    newApp().ws(
      '/',
      { format: 'text' },
      {
        message(socket, text) {
          socket.send(text.toUpperCase())
        },
        bytes(socket, bytes) {
          socket.sendBytes(bytes.toReversed())
        },
      },
    )
    const client = await open(await start())
    client.ws.send('straße')
    expect(await client.next()).toBe('STRASSE')
    client.ws.send(Buffer.from([1, 2, 3]))
    expect(await client.next()).toEqual(Buffer.from([3, 2, 1]))
  })

  it('are checked on their way out while responses are', async () => {
    const errors: unknown[] = []
    const feed = newApp().ws(
      '/',
      { send: z.object({ n: z.number() }) },
      {
        message(socket) {
          socket.send({ n: 'no number' as unknown as number })
        },
        error: (_, error) => errors.push(error),
      },
    )
    const client = await open(await start())
    client.send(1)
    await until(() => errors.length === 1)
    expect(errors[0]).toMatchObject({ code: 'TUTTI_SEND_INVALID' })
    expect(() => feed.broadcast({ n: 'x' as unknown as number })).toThrow(expect.objectContaining({ code: 'TUTTI_SEND_INVALID' }))
    feed.broadcast({ n: 2 })
    expect(await client.next()).toEqual({ n: 2 })
  })

  it.each([true, false])('carry no more than their schema names, checked or not: %s', async (validateResponses) => {
    app = new App({ name: 't', log: { level: 'silent' }, http: { validateResponses } })
    const user = z.object({ name: z.string() })
    // A schema that cannot be described as JSON Schema makes what is sent itself.
    const opaque: Schema<{ name: string }> = {
      '~standard': { version: 1, vendor: 'own', validate: (value) => user['~standard'].validate(value) },
    }
    const described = app.ws('/described', { send: user }, {})
    const undescribed = app.ws('/undescribed', { send: opaque }, {})
    const url = await start()
    const record = { name: 'ann', password: 'secret' }
    for (const [feed, path] of [
      [described, 'described'],
      [undescribed, 'undescribed'],
    ] as const) {
      const client = await open(`${url}/${path}`)
      await until(() => feed.size === 1)
      feed.broadcast(record)
      expect(await client.next()).toEqual({ name: 'ann' })
    }
  })

  it('are handled in order, one at a time, and not before open has ended', async () => {
    const seen: string[] = []
    let running = 0
    newApp().ws('/', {
      async open(socket) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        seen.push(`open ${socket.id.length}`)
      },
      async message(_, data) {
        expect(++running).toBe(1)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
        running--
        seen.push(String(data))
      },
      close: (_, { code }) => seen.push(`close ${code}`),
    })
    const client = await open(await start())
    for (let i = 0; i < 40; i++) client.send(i)
    client.ws.close(1000)
    await until(() => seen.length === 42)
    expect(seen).toEqual(['open 36', ...Array.from({ length: 40 }, (_, i) => String(i)), 'close 1000'])
  })

  it('run several at a time where concurrency allows it', async () => {
    let running = 0
    let most = 0
    const gate = Promise.withResolvers<void>()
    newApp().ws(
      '/',
      { concurrency: 3 },
      {
        async message() {
          most = Math.max(most, ++running)
          await gate.promise
          running--
        },
      },
    )
    const client = await open(await start())
    for (let i = 0; i < 9; i++) client.send(i)
    await until(() => running === 3)
    gate.resolve()
    await until(() => running === 0)
    expect(most).toBe(3)
  })

  it('run in the context of the handshake, each with a cause of its own', async () => {
    const contexts: (readonly [string | undefined, string | undefined, string | undefined, string | undefined])[] = []
    const note = (): void => {
      const context = currentContext()
      contexts.push([context?.correlationId, context?.causationId, context?.actor?.id, context?.tenant])
    }
    newApp().ws(
      '/',
      {
        guard: (ctx) => {
          ctx.actor = { id: 'ann' }
          ctx.tenant = 'acme'
          return true
        },
      },
      {
        open: note,
        async message() {
          await Promise.resolve()
          note()
        },
        close: note,
      },
    )
    const client = await open(await start())
    client.send(1)
    client.send(2)
    client.ws.close()
    await until(() => contexts.length === 4)
    expect(new Set(contexts.map(([correlation]) => correlation)).size).toBe(1)
    expect(new Set(contexts.map(([, causation]) => causation)).size).toBe(3)
    expect(contexts.map(([, , actor, tenant]) => [actor, tenant])).toEqual(Array.from({ length: 4 }, () => ['ann', 'acme']))
  })
})

describe('handlers that fail', () => {
  it('close the socket with 1011 and are logged once', async () => {
    const lines: string[] = []
    app = new App({ name: 't', log: { level: 'error', destination: { write: (line) => lines.push(line) } } })
    app.ws('/:how', {
      message(socket) {
        const { how } = socket.ctx.params
        if (how === 'sync') throw new Error('broken sync')
        return Promise.reject(new Error('broken async'))
      },
    })
    const url = await start()
    for (const how of ['sync', 'async']) {
      const client = await open(`${url}/${how}`)
      client.send(1)
      client.send(2)
      expect(await client.closed).toEqual({ code: 1011, reason: 'The server failed.' })
    }
    expect(lines.filter((line) => line.includes('broken sync'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('broken async'))).toHaveLength(1)
  })

  it('answer errors that are made for the client', async () => {
    newApp().ws('/', {
      message() {
        throw httpError(409, 'SOLD_OUT', 'Nothing is left of it.')
      },
    })
    const client = await open(await start())
    client.send(1)
    expect(await client.next()).toEqual({ error: { code: 'SOLD_OUT', message: 'Nothing is left of it.' } })
  })

  it('leave the rest to the error handler', async () => {
    newApp().ws('/', {
      message(_, data) {
        throw new Error(`no ${String(data)}`)
      },
      error(socket, error) {
        if ((error as Error).message === 'no 2') throw error
        socket.send({ sorry: (error as Error).message })
      },
    })
    const client = await open(await start())
    client.send(1)
    expect(await client.next()).toEqual({ sorry: 'no 1' })
    client.send(2)
    expect((await client.closed).code).toBe(1011)
  })
})

describe('rooms', () => {
  it('reach those who are in them, from sockets, routers and HTTP handlers', async () => {
    const rooms = router('/rooms')
    const chat = rooms.ws(
      '/:room',
      { send: z.string() },
      {
        open(socket) {
          socket.join(socket.ctx.params.room)
          socket.send('welcome')
        },
        message(socket, data) {
          if (data === 'leave') socket.leave(socket.ctx.params.room)
          else expect(socket.to(socket.ctx.params.room).send(`said ${String(data)}`)).toBe(1)
        },
      },
    )
    newApp().use(rooms)
    app.post('/push/:room', ({ params }) => ({ sent: chat.to(params.room).send('pushed'), all: chat.broadcast('everybody') }))
    const url = await start()
    const [a, b, c] = await Promise.all([open(`${url}/rooms/1`), open(`${url}/rooms/1`), open(`${url}/rooms/2`)])
    for (const client of [a, b, c]) expect(await client.next()).toBe('welcome')
    expect(chat.size).toBe(3)
    expect(chat.rooms.toSorted()).toEqual(['1', '2'])
    a.send('hello')
    expect(await b.next()).toBe('said hello')
    expect(await (await fetch(`${url}/push/1`, { method: 'POST' })).json()).toEqual({ sent: 2, all: 3 })
    for (const client of [a, b]) expect([await client.next(), await client.next()]).toEqual(['pushed', 'everybody'])
    expect(await c.next()).toBe('everybody')
    a.send('leave')
    await until(() => chat.sockets('1').length === 1)
    c.ws.close()
    await until(() => chat.size === 2)
    expect(chat.rooms).toEqual(['1'])
    expect(chat.to('2').send('nobody')).toBe(0)
  })

  it('are still known to the close handler', async () => {
    const left: string[][] = []
    const chat = newApp().ws('/', {
      open: (socket) => socket.join('lobby'),
      close(socket) {
        left.push([...socket.rooms])
        socket.to('lobby').send('somebody left')
      },
    })
    const url = await start()
    const a = await open(url)
    const b = await open(url)
    await until(() => chat.sockets('lobby').length === 2)
    a.ws.terminate()
    expect(await b.next()).toBe('somebody left')
    expect(left).toEqual([['lobby']])
  })

  it('keep state per connection', async () => {
    newApp().ws(
      '/',
      { data: async (ctx) => ({ name: String(ctx.query['name']), count: 0 }) },
      {
        message(socket) {
          socket.data.count++
          socket.send(`${socket.data.name} ${socket.data.count}`)
        },
      },
    )
    const url = await start()
    const a = await open(`${url}/?name=a`)
    const b = await open(`${url}/?name=b`)
    a.send(0)
    a.send(0)
    b.send(0)
    expect([await a.next(), await a.next(), await b.next()]).toEqual(['a 1', 'a 2', 'b 1'])
  })
})
