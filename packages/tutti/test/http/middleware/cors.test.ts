import { App, cors, reply, router } from 'tutti'
import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'

const origin = 'https://app.example.com'
const preflight = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-one, content-type' }

async function ask(options: Parameters<typeof cors>[0], headers: Record<string, string>, method = 'GET'): Promise<Headers> {
  const app = appOf().use(cors(options))
  app.get('/', () => 'ok').put('/', () => 'ok')
  await using t = await testApp(app)
  const call = method === 'OPTIONS' ? t.options : t.get
  return (await call('/', { headers })).headers
}

describe('cors: who may read', () => {
  it('lets every origin by default and does not vary', async () => {
    const headers = await ask({}, { origin })
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('vary')).toBeNull()
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })

  it.each([
    ['a name', origin],
    ['a name in capitals', 'HTTPS://App.Example.com'],
    ['a list', ['https://other.example', origin]],
    ['an expression', /^https:\/\/[a-z]+\.example\.com$/],
    ['a function', (asking: string) => asking === origin],
    ['an async function', async (asking: string) => asking === origin],
  ])('lets %s and varies by Origin for everybody', async (_, allowed) => {
    const mine = await ask({ origin: allowed, credentials: true }, { origin })
    expect(mine.get('access-control-allow-origin')).toBe(origin)
    expect(mine.get('access-control-allow-credentials')).toBe('true')
    expect(mine.get('vary')).toBe('Origin')
    const foreign = await ask({ origin: allowed, credentials: true }, { origin: 'https://evil.example' })
    expect(foreign.get('access-control-allow-origin')).toBeNull()
    expect(foreign.get('access-control-allow-credentials')).toBeNull()
    expect(foreign.get('vary')).toBe('Origin')
    expect((await ask({ origin: allowed }, {})).get('vary')).toBe('Origin')
  })

  it('lets the origin "null" only by its name or a function', async () => {
    const none = { origin: 'null' }
    expect((await ask({ origin: /./ }, none)).get('access-control-allow-origin')).toBeNull()
    expect((await ask({ origin: 'null' }, none)).get('access-control-allow-origin')).toBe('null')
  })

  it('answers a global expression the same way each time', async () => {
    const app = appOf().use(cors({ origin: /example\.com$/g }))
    app.get('/', () => 'ok')
    await using t = await testApp(app)
    for (let i = 0; i < 3; i++) await t.get('/', { headers: { origin } }).expectHeader('access-control-allow-origin', origin)
  })

  it('exposes headers on responses, and on errors, 404 and 405 alike', async () => {
    const app = appOf().use(cors({ exposedHeaders: ['x-total', 'etag'] }))
    app.get('/fails', () => {
      throw new Error('no')
    })
    await using t = await testApp(app)
    for (const [path, status] of [
      ['/fails', 500],
      ['/none', 404],
    ] as const) {
      await t
        .get(path, { headers: { origin } })
        .expect(status)
        .expectHeader('access-control-expose-headers', 'x-total, etag')
        .expectHeader('access-control-allow-origin', '*')
    }
    await t.post('/fails', { headers: { origin } }).expect(405).expectHeader('access-control-allow-origin', '*')
  })
})

describe('cors: preflights', () => {
  it('answers 204 with methods, the headers that were asked for, and the age', async () => {
    const headers = await ask({ maxAge: '10m' }, preflight, 'OPTIONS')
    expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, PUT, PATCH, POST, DELETE')
    expect(headers.get('access-control-allow-headers')).toBe('x-one, content-type')
    expect(headers.get('access-control-max-age')).toBe('600')
    expect(headers.get('vary')).toBe('Access-Control-Request-Headers')
    expect(headers.get('access-control-expose-headers')).toBeNull()
  })

  it('names only the methods and headers that are configured', async () => {
    const headers = await ask({ methods: ['GET'], allowedHeaders: ['x-one'] }, preflight, 'OPTIONS')
    expect(headers.get('access-control-allow-methods')).toBe('GET')
    expect(headers.get('access-control-allow-headers')).toBe('x-one')
    expect(headers.get('access-control-max-age')).toBeNull()
  })

  it('tells foreign origins nothing', async () => {
    const headers = await ask({ origin: 'https://other.example' }, preflight, 'OPTIONS')
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('leaves OPTIONS that is no preflight to the application', async () => {
    const headers = await ask({}, { origin }, 'OPTIONS')
    expect(headers.get('allow')).toContain('PUT')
    expect(headers.get('access-control-allow-methods')).toBeNull()
  })

  it('on a router or a route answers the preflights of its routes and of no others', async () => {
    const api = router('/api').use(cors({ origin }))
    api.put('/items/:id', () => 'ok')
    const app = appOf().use(api)
    app.put('/own', { use: [cors({ origin })] }, () => 'ok').put('/closed', () => 'ok')
    await using t = await testApp(app)
    for (const path of ['/api/items/1', '/own']) {
      await t
        .options(path, { headers: preflight })
        .expect(204)
        .expectHeader('access-control-allow-origin', origin)
        .expectHeader('access-control-allow-methods', /PUT/)
    }
    const closed = await t.options('/closed', { headers: preflight }).expect(204)
    expect(closed.headers.get('access-control-allow-origin')).toBeNull()
    await t.put('/api/items/1', { headers: { origin } }).expect(200).expectHeader('access-control-allow-origin', origin)
  })

  it('are not asked by guards', async () => {
    const app = appOf().use(cors({ origin }))
    app.put('/', { guard: () => false }, () => reply(204))
    await using t = await testApp(app)
    await t.options('/', { headers: preflight }).expect(204).expectHeader('access-control-allow-origin', origin)
    await t.put('/', { headers: { origin } }).expect(401).expectHeader('access-control-allow-origin', origin)
  })
})

describe('cors: wrong options', () => {
  it.each([
    [{ credentials: true }],
    [{ origin: 'app.example.com' }],
    [{ origin: 'https://app.example.com/' }],
    [{ origin: 'https://app.example.com:443' }],
    [{ origin: ['*', origin] }],
    [{ methods: ['GET, POST'] }],
    [{ allowedHeaders: ['x one'] }],
    [{ maxAge: 'soon' }],
  ])('refuses %j', (options) => {
    expect(() => cors(options as never)).toThrow(/received|wanted/)
  })

  it('refuses options that do not exist', () => {
    expect(() => new App().use(cors({ orgin: origin } as never))).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_UNKNOWN' }))
  })
})
