import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, dependency, reply, router, type Guard, type Middleware } from '../../../src/index.ts'
import { accessLog, compress, cors, etag, rateLimit, requestId, securityHeaders, timeout } from '../../../src/http/index.ts'
import { dropRawSockets, handshake, open, rawSocket, refused, until } from './client.ts'

let app: App
const start = async (): Promise<string> => (await app.listen(0)).url

function newApp(): App {
  app = new App({ name: 't', log: { level: 'silent' } })
  return app
}

afterEach(() => {
  dropRawSockets()
  return app.stop()
})

const problem = (status: number, code: string): object => ({ status, body: { status, code } })

describe('a handshake', () => {
  it('is answered 401 without a caller and 403 with the wrong one', async () => {
    const guard: Guard = (ctx) => {
      const { user } = ctx.cookies
      if (user !== undefined) ctx.actor = { id: user }
      return user === 'ann'
    }
    newApp().ws('/', { guard }, { open: (socket) => void socket.send(socket.ctx.actor?.id) })
    const url = await start()
    const nobody = await refused(url)
    expect(nobody).toMatchObject(problem(401, 'TUTTI_UNAUTHENTICATED'))
    expect(nobody.headers).toMatchObject({ 'www-authenticate': 'Bearer', 'content-type': 'application/problem+json', connection: 'close' })
    expect(await refused(url, { headers: { cookie: 'user=bob' } })).toMatchObject(problem(403, 'TUTTI_FORBIDDEN'))
    const ann = await open(url, { headers: { cookie: 'user=ann' } })
    expect(await ann.next()).toBe('ann')
  })

  it('is answered 404 where no WebSocket route is, and 400 for a malformed path', async () => {
    newApp().ws('/feed/:id', {})
    app.get('/plain', () => 'plain')
    const url = await start()
    expect(await refused(`${url}/nothing`)).toMatchObject(problem(404, 'TUTTI_ROUTE_NOT_FOUND'))
    expect(await refused(`${url}/plain`)).toMatchObject(problem(404, 'TUTTI_ROUTE_NOT_FOUND'))
    const { head } = await rawSocket(`${url}/feed/%zz`)
    expect(head).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('is answered 422 with all that is wrong with its parameters', async () => {
    newApp().ws(
      '/:id',
      { params: z.object({ id: z.coerce.number() }), query: z.object({ since: z.iso.date() }) },
      { open: (socket) => void socket.send([socket.ctx.params.id, socket.ctx.query.since]) },
    )
    const url = await start()
    const answer = await refused(`${url}/x?since=yesterday`)
    expect(answer.status).toBe(422)
    expect(answer.body.errors?.map(({ path }) => path)).toEqual(['params.id', 'query.since'])
    const client = await open(`${url}/7?since=2026-01-02`)
    expect(await client.next()).toEqual([7, '2026-01-02'])
  })

  it('is answered 400 or 426 where it is malformed', async () => {
    newApp().ws('/', {})
    const url = await start()
    const without = (name: string): string[] => handshake.filter((line) => !line.startsWith(name))
    expect((await rawSocket(url, without('Sec-WebSocket-Key'))).head).toMatch(/^HTTP\/1\.1 400 [^]*TUTTI_HANDSHAKE_INVALID/)
    expect((await rawSocket(url, [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: short'])).head).toMatch(/^HTTP\/1\.1 400 /)
    const old = await rawSocket(url, [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'])
    expect(old.head).toMatch(/^HTTP\/1\.1 426 /)
    expect(old.head.toLowerCase()).toContain('sec-websocket-version: 13')
    expect((await rawSocket(url, [...handshake, 'Sec-WebSocket-Protocol: a, a'])).head).toMatch(/^HTTP\/1\.1 400 /)
    expect((await rawSocket(url, handshake)).head).toMatch(/^HTTP\/1\.1 101 [^]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
  })

  it('is answered 426 where it is a plain GET, and 405 for other methods', async () => {
    newApp().ws('/feed', {})
    app.ws('/both', {})
    app.get('/both', () => 'plain')
    const url = await start()
    const plain = await fetch(`${url}/feed`)
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket'])
    expect(await plain.json()).toMatchObject({ code: 'TUTTI_UPGRADE_REQUIRED' })
    expect((await fetch(`${url}/both`)).status).toBe(200)
    expect((await app.fetch(new Request('http://local/feed'))).status).toBe(426)
  })

  it('of another protocol is ignored, as is one with a body', async () => {
    newApp().ws('/feed', {})
    app.get('/plain', () => 'plain')
    const url = await start()
    const h2c = await rawSocket(`${url}/plain`, [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    ])
    expect(h2c.head).toMatch(/^HTTP\/1\.1 200 [^]*plain$/)
    const body = await rawSocket(`${url}/feed`, [...handshake, 'Content-Length: 3'])
    expect(body.head).toMatch(/^HTTP\/1\.1 426 /)
  })

  it('goes through the middleware of the app, the routers and the route', async () => {
    const seen: string[] = []
    const note = (name: string): Middleware =>
      async function noted(ctx, next) {
        const response = await next()
        seen.push(`${name} ${ctx.method} ${ctx.route?.path} ${response.status}`)
      }
    const refuse: Middleware = (ctx, next) => (ctx.query['no'] === undefined ? next() : reply(418))
    const rooms = router('/rooms', { use: [note('router')], guard: (ctx) => ctx.query['key'] === 'k' })
    rooms.ws('/:id', { use: [note('route'), refuse] }, {})
    newApp().use(note('app'), rooms)
    const url = await start()
    await open(`${url}/rooms/1?key=k`)
    expect(seen.splice(0)).toEqual(['route', 'router', 'app'].map((name) => `${name} GET /rooms/:id 101`))
    expect((await refused(`${url}/rooms/1?key=k&no=1`)).status).toBe(418)
    expect((await refused(`${url}/rooms/1`)).status).toBe(401)
    expect(seen.at(-1)).toBe('app GET /rooms/:id 401')
    expect((await refused(`${url}/elsewhere`)).status).toBe(404)
    expect(seen.at(-1)).toBe('app GET undefined 404')
  })

  it('gets along with the middleware that is shipped', async () => {
    newApp().use(requestId(), accessLog(), timeout('2s'), cors(), securityHeaders(), rateLimit({ limit: 2, per: '1m' }), compress(), etag())
    app.ws('/', { message: (socket, data) => void socket.send(data) })
    const url = await start()
    const client = await open(url, { headers: { 'accept-encoding': 'gzip' } })
    client.send('works')
    expect(await client.next()).toBe('works')
    expect((await rawSocket(url)).head).toMatch(/^HTTP\/1\.1 101 [^]*x-content-type-options: nosniff/)
    expect(await refused(url)).toMatchObject(problem(429, 'TUTTI_RATE_LIMITED'))
  })

  it('takes cookies and headers along that were set on the way', async () => {
    newApp().use((ctx, next) => {
      ctx.setCookie('seen', '1')
      ctx.responseHeaders.set('x-frame-options', 'DENY')
      return next()
    })
    app.ws('/', {})
    app.ws(
      '/evil',
      {
        use: [
          async (_, next) => {
            const response = await next()
            response.headers.set('x-evil', 'a\r\nset-cookie: b')
            return response
          },
        ],
      },
      {},
    )
    const url = await start()
    const { head } = await rawSocket(url)
    expect(head).toMatch(/^HTTP\/1\.1 101 /)
    expect(head).toContain('set-cookie: seen=1; Path=/; HttpOnly; SameSite=Lax\r\n')
    expect(head).toContain('x-frame-options: DENY\r\n')
    expect((await rawSocket(`${url}/evil`)).head).toMatch(/^HTTP\/1\.1 500 /)
  })

  it('does not come in between pipelined answers', async () => {
    const gate = Promise.withResolvers<string>()
    newApp().ws('/feed', {})
    app.get('/slow', () => gate.promise)
    const url = await start()
    const { hostname, port } = new URL(url)
    const first = rawSocket(`${url}/slow`, ['X: 1', '', `GET /feed HTTP/1.1\r\nHost: ${hostname}:${port}`, ...handshake])
    const outcome = await Promise.race([first.then(({ head }) => head), new Promise((resolve) => setTimeout(resolve, 200, 'nothing'))])
    gate.resolve('slow')
    expect(outcome).toBe('nothing')
  })
})

describe('the origin', () => {
  const evil = { headers: { origin: 'https://evil.example' } }

  it('must be that of the server where there is one', async () => {
    newApp().ws('/', {})
    const url = await start()
    await open(url)
    await open(url, { headers: { origin: url } })
    for (const origin of ['https://evil.example', 'null', 'http://localhost', `${url}.evil.example`, 'file://x']) {
      expect(await refused(url, { headers: { origin } })).toMatchObject(problem(403, 'TUTTI_ORIGIN_REFUSED'))
    }
  })

  it('is compared with the host that a trusted proxy was asked for', async () => {
    app = new App({ name: 't', log: { level: 'silent' }, http: { trustProxy: ['loopback'] } })
    app.ws('/', { origin: 'same' }, { open: (socket) => void socket.send([socket.ctx.ip, socket.ctx.protocol]) })
    const url = await start()
    const headers = {
      origin: 'https://app.example',
      'x-forwarded-host': 'app.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.9',
    }
    const client = await open(url, { headers })
    expect(await client.next()).toEqual(['203.0.113.9', 'https'])
  })

  it('can be any, one of a list, or what a function says', async () => {
    newApp().ws('/any', { origin: '*' }, {})
    app.ws('/list', { origin: ['https://app.example'] }, {})
    app.ws('/function', { origin: async (origin, ctx) => origin.endsWith('.example') && ctx.query['ok'] === '1' }, {})
    const url = await start()
    await open(`${url}/any`, evil)
    await open(`${url}/list`, { headers: { origin: 'https://app.example' } })
    expect((await refused(`${url}/list`, evil)).status).toBe(403)
    await open(`${url}/function?ok=1`, evil)
    expect((await refused(`${url}/function`, evil)).status).toBe(403)
  })
})

describe('subprotocols', () => {
  it('are agreed on, in the order of the client', async () => {
    newApp().ws('/', { protocols: ['v1', 'v2'] }, { open: (socket) => void socket.send(socket.protocol) })
    app.ws('/pick', { protocols: (offered) => offered.find((name) => name.startsWith('token.')) }, {})
    app.ws('/none', {})
    const url = await start()
    const client = await open(url, { protocols: ['v3', 'v2', 'v1'] })
    expect([client.ws.protocol, await client.next()]).toEqual(['v2', 'v2'])
    expect((await open(url)).ws.protocol).toBe('')
    expect(await refused(url, { protocols: ['v3'] })).toMatchObject(problem(400, 'TUTTI_HANDSHAKE_INVALID'))
    expect((await open(`${url}/pick`, { protocols: ['a', 'token.x'] })).ws.protocol).toBe('token.x')
    expect((await rawSocket(`${url}/none`, [...handshake, 'Sec-WebSocket-Protocol: a'])).head.toLowerCase()).not.toContain(
      'sec-websocket-protocol',
    )
  })
})

describe('dependencies', () => {
  it('of the request live as long as the socket', async () => {
    const log: string[] = []
    const session = dependency('session', () => ({ name: 'session' }), { scope: 'request', dispose: () => void log.push('disposed') })
    newApp().ws(
      '/',
      { deps: { session } },
      {
        message: (socket) => void socket.send(socket.ctx.deps.session.name),
        close: (socket) => void log.push(`close ${socket.ctx.deps.session.name} ${socket.ctx.signal.aborted}`),
      },
    )
    app.ws('/refused', { deps: { session }, data: () => Promise.reject(new Error('no')) }, {})
    const url = await start()
    const client = await open(url)
    client.send(1)
    expect(await client.next()).toBe('session')
    expect(log).toEqual([])
    client.ws.close()
    await until(() => log.length === 2)
    expect(log.splice(0)).toEqual(['close session true', 'disposed'])
    expect((await refused(`${url}/refused`)).status).toBe(500)
    await until(() => log.length === 1)
  })
})

describe('a declaration', () => {
  it.each([
    [{ nonsense: 1 }, {}, 'TUTTI_OPTION_UNKNOWN'],
    [{}, { onMessage() {} }, 'TUTTI_OPTION_UNKNOWN'],
    [{ message: {} }, {}, 'TUTTI_ROUTE_INVALID'],
    [{}, { open: 1 }, 'TUTTI_ROUTE_INVALID'],
    [{ origin: ['app.example'] }, {}, 'TUTTI_OPTION_INVALID'],
    [{ origin: ['https://app.example/path'] }, {}, 'TUTTI_OPTION_INVALID'],
    [{ protocols: ['a b'] }, {}, 'TUTTI_OPTION_INVALID'],
    [{ onBacklog: 'wait' }, {}, 'TUTTI_OPTION_INVALID'],
    [{ concurrency: 0 }, {}, 'TUTTI_OPTION_INVALID'],
    [{ maxMessageSize: '1 mega' }, {}, 'TUTTI_SIZE_INVALID'],
    [{ heartbeat: 'often' }, {}, 'TUTTI_DURATION_INVALID'],
  ])('that cannot be meant is refused: %o %o', (options, handlers, code) => {
    expect(() => newApp().ws('/', options as object, handlers as object)).toThrow(expect.objectContaining({ code }))
  })

  it('that comes twice stops the start', async () => {
    newApp().ws('/a', {})
    app.ws('/a', {})
    await expect(app.listen(0)).rejects.toMatchObject({ code: 'TUTTI_ROUTE_DUPLICATE' })
  })

  it('after the start is refused', async () => {
    newApp().ws('/a', {})
    await start()
    expect(() => app.ws('/b', {})).toThrow(expect.objectContaining({ code: 'TUTTI_APP_STARTED' }))
  })
})

it('a client that goes away during the handshake leaves nothing behind', async () => {
  const gate = Promise.withResolvers<boolean>()
  let asked = false
  let aborted = false
  const feed = newApp().ws(
    '/',
    {
      guard: (ctx) => {
        asked = true
        ctx.signal.addEventListener('abort', () => (aborted = true))
        return gate.promise
      },
    },
    {},
  )
  const url = await start()
  const { hostname, port } = new URL(url)
  const { connect } = await import('node:net')
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${handshake.join('\r\n')}\r\n\r\n`)
  await until(() => asked)
  socket.destroy()
  await until(() => aborted)
  gate.resolve(true)
  await app.stop()
  expect(feed.size).toBe(0)
})
