import {
  all,
  bodyLimit,
  cache,
  compress,
  cors,
  cspNonce,
  etag,
  forbidden,
  reply,
  requestId,
  securityHeaders,
  sse,
  type Middleware,
} from 'tutti'
import { fakeClock, testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'
import { counting } from './counting.ts'

describe('cache: how long and what', () => {
  it('keeps for the time to live, and says where a response came from and how old it is', async () => {
    const handler = counting((_, n) => reply(200, { n }, { 'x-own': 'kept' }))
    const app = appOf()
    app.get('/', { cache: { ttl: '10s' } }, handler)
    await using t = await testApp(app, { clock: fakeClock() })
    await t.get('/').expect(200, { n: 1 }).expectHeader('cache-status', 'tutti; fwd=miss; stored')
    await t.clock.advance('9s')
    await t
      .get('/')
      .expect(200, { n: 1 })
      .expectHeader('cache-status', 'tutti; hit; ttl=1')
      .expectHeader('age', '9')
      .expectHeader('x-own', 'kept')
      .expectHeader('content-type', 'application/json')
    await t.clock.advance('1s')
    await t.get('/').expect(200, { n: 2 })
    // Setting the machine's clock makes nothing younger or older.
    t.clock.set(0)
    await t.get('/').expect(200, { n: 2 })
  })

  it('answers HEAD from what GET left, and keeps nothing for HEAD', async () => {
    const handler = counting((_, n) => `body ${n}`)
    const app = appOf()
    app.get('/', { cache: { ttl: '10s' } }, handler)
    const { url } = await app.listen(0)
    expect((await fetch(url, { method: 'HEAD' })).headers.get('cache-status')).toBe('tutti; fwd=miss')
    expect(await (await fetch(url)).text()).toBe('body 2')
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('cache-status')).toMatch(/^tutti; hit/)
    expect(head.headers.get('content-length')).toBe('6')
    expect(handler.calls()).toBe(2)
    await app.stop()
  })

  it.each([
    ['an error', () => reply(500)],
    ['another success', () => reply(201, 'x')],
    ['a cookie', () => reply(200, 'x', { 'set-cookie': 'a=b' })],
    ['no-store', () => reply(200, 'x', { 'cache-control': 'no-store' })],
    ['no-cache', () => reply(200, 'x', { 'cache-control': 'No-Cache' })],
    ['private', () => reply(200, 'x', { 'cache-control': 'max-age=60, private' })],
    ['Vary: *', () => reply(200, 'x', { vary: 'Accept, *' })],
    ['a stream', () => new Blob(['x'])],
    ['a web Response', () => new Response('x')],
    [
      'events',
      () =>
        sse(
          (async function* () {
            yield 1
          })(),
        ),
    ],
  ])('never keeps %s', async (_, make) => {
    const handler = counting(make)
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    // Without the test client's cookies, with which nothing would be kept anyhow.
    await t.fetch(new Request('http://localhost/'))
    expect((await t.fetch(new Request('http://localhost/'))).headers.get('cache-status')).toBe('tutti; fwd=miss')
    expect(handler.calls()).toBe(2)
  })

  it('never keeps cookies or nonces that come by way of the context', async () => {
    const cookie = counting((ctx) => {
      ctx.setCookie('session', 'secret')
      return 'x'
    })
    const page = counting((ctx) => reply(200, cspNonce(ctx), { 'content-type': 'text/html' }))
    const app = appOf()
    app.get('/cookie', { cache: { ttl: '1h' } }, cookie).get('/page', { cache: { ttl: '1h' } }, page)
    await using t = await testApp(app)
    for (const path of ['/cookie', '/cookie', '/page', '/page']) await t.fetch(new Request(`http://localhost${path}`))
    expect([cookie.calls(), page.calls()]).toEqual([2, 2])
  })

  it('keeps headers of the context, but not those of one request alone', async () => {
    const inner = counting((ctx) => {
      ctx.responseHeaders.set('x-inner', 'kept')
      return 'x'
    })
    const app = appOf().use(requestId(), cache({ ttl: '1h' }), requestId({ header: 'x-request-id' }))
    app.get('/', inner)
    await using t = await testApp(app)
    const [first, second] = [await t.get('/'), await t.get('/')]
    expect(second.headers.get('x-inner')).toBe('kept')
    expect(first.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
    expect(inner.calls()).toBe(1)
  })

  it('keeps a copy of bytes that their owner goes on writing into', async () => {
    const shared = Buffer.from('one')
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, () => shared)
    await using t = await testApp(app)
    await t.get('/')
    shared.write('two')
    expect((await t.get('/')).text).toBe('one')
  })

  it('leaves other methods, ranges, preconditions and requests with a body to the application', async () => {
    const handler = counting()
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, handler).post('/', { cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    await t.get('/')
    const headers: Record<string, string>[] = [
      { range: 'bytes=0-1' },
      { 'if-match': '"x"' },
      { 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      { 'content-length': '3' },
    ]
    for (const header of headers)
      expect((await t.get('/', { headers: header })).headers.get('cache-status'), JSON.stringify(header)).toBeNull()
    await t.post('/')
    expect(handler.calls()).toBe(6)
    await using off = await testApp(appOf().get('/', { cache: { ttl: 0 } }, handler))
    expect((await off.get('/')).headers.get('cache-status')).toBeNull()
  })

  it('answers conditions from what it keeps', async () => {
    const handler = counting(() => reply(200, 'x', { etag: '"v1"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }))
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    await t.get('/')
    const unchanged = await t.get('/', { headers: { 'if-none-match': '"v1"' } }).expect(304)
    expect(unchanged.headers.get('content-type')).toBeNull()
    await t.get('/', { headers: { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' } }).expect(304)
    await t.get('/', { headers: { 'if-none-match': '"v2"' } }).expect(200)
    expect(handler.calls()).toBe(1)
  })
})

describe('cache: invalidation', () => {
  it('forgets by tag, from the application and from a handler, and everything', async () => {
    const handler = counting()
    const app = appOf()
    app.get('/items/:id', { cache: { ttl: '1h', tags: (ctx) => ['items', `item-${ctx.pathParams['id']}`] } }, handler)
    app.get('/fixed', { cache: { ttl: '1h', tags: ['fixed'] } }, handler)
    app.post('/items/:id', ({ invalidate, params }) => invalidate(`item-${params.id}`))
    await using t = await testApp(app)
    const ask = async (path: string): Promise<string> => (await t.get(path)).text
    expect([await ask('/items/1'), await ask('/items/2'), await ask('/fixed')]).toEqual(['#1', '#2', '#3'])
    await t.post('/items/1').expect(204)
    expect([await ask('/items/1'), await ask('/items/2'), await ask('/fixed')]).toEqual(['#4', '#2', '#3'])
    app.invalidate('items')
    expect([await ask('/items/1'), await ask('/items/2'), await ask('/fixed')]).toEqual(['#5', '#6', '#3'])
    app.invalidate()
    expect([await ask('/items/1'), await ask('/items/2'), await ask('/fixed')]).toEqual(['#7', '#8', '#9'])
  })

  it.each([
    ['its tag', ['a'], 2],
    ['everything', [], 2],
    ['another tag', ['b'], 1],
  ])('while a response is being made: %s', async (_, tags, calls) => {
    const gates: (() => void)[] = []
    const handler = counting(async (_ctx, n) => {
      if (n === 1) await new Promise<void>((resolve) => gates.push(resolve))
      return `#${n}`
    })
    const app = appOf()
    app.get('/', { cache: { ttl: '1h', tags: ['a'] } }, handler)
    await using t = await testApp(app)
    const first = t
      .get('/')
      .expect(200, '#1')
      .then((response) => response.text)
    await expect.poll(() => gates.length).toBe(1)
    app.invalidate(...tags)
    gates[0]?.()
    expect(await first).toBe('#1')
    expect((await t.get('/')).text).toBe(`#${calls}`)
  })
})

describe('cache: requests that come together', () => {
  it('make one response', async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const handler = counting(async (_, n) => {
      await gate
      return `#${n}`
    })
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    const all50 = Promise.all(Array.from({ length: 50 }, async (_, i) => (await (i % 5 === 4 ? t.head('/') : t.get('/'))).status))
    await expect.poll(() => handler.calls()).toBe(1)
    open()
    expect(new Set(await all50)).toEqual(new Set([200]))
    expect(handler.calls()).toBe(1)
  })

  it('each get their own where the first one may not be shared or fails', async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const handler = counting(async (_, n) => {
      await gate
      if (n === 1) throw forbidden()
      return reply(200, `#${n}`, { 'cache-control': 'private' })
    })
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    const answers = Promise.all(Array.from({ length: 4 }, async () => (await t.get('/')).status))
    await expect.poll(() => handler.calls()).toBe(1)
    open()
    expect((await answers).toSorted()).toEqual([200, 200, 200, 403])
    expect(handler.calls()).toBe(4)
  })
})

describe('cache: with other middleware', () => {
  const text = 'all together now, '.repeat(200)
  const orders: [string, Middleware[]][] = [
    ['compress around cache', [compress(), cache({ ttl: '1h' })]],
    ['cache around compress', [cache({ ttl: '1h' }), compress()]],
    ['etag, compress, cache', [etag(), compress(), cache({ ttl: '1h' })]],
    ['compress, etag, cache', [compress(), etag(), cache({ ttl: '1h' })]],
    ['cache, etag, compress', [cache({ ttl: '1h' }), etag(), compress()]],
    [
      'cache, cors, security headers',
      [cache({ ttl: '1h' }), cors({ origin: /example$/ }), securityHeaders(), compress(), bodyLimit('1kb')],
    ],
    ['security headers, cors, cache', [securityHeaders(), cors({ origin: /example$/ }), compress(), cache({ ttl: '1h' })]],
  ]

  it.each(orders)('%s: every client gets what is for it', async (_, middleware) => {
    const handler = counting(() => text)
    const app = appOf().use(...middleware)
    app.get('/', handler)
    const { url } = await app.listen(0)
    for (let round = 0; round < 2; round++) {
      for (const encoding of ['gzip', 'br', 'identity']) {
        for (const origin of ['https://a.example', 'https://b.example', 'https://evil.test']) {
          const response = await fetch(url, { headers: { 'accept-encoding': encoding, origin } })
          expect(response.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding)
          expect(await response.text()).toBe(text)
          const allowed = response.headers.get('access-control-allow-origin')
          if (allowed !== null) expect(allowed).toBe(origin)
          expect(allowed !== null).toBe(middleware.some(({ name }) => name === 'cors') && origin !== 'https://evil.test')
          const head = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': encoding, origin } })
          expect(head.headers.get('content-encoding')).toBe(response.headers.get('content-encoding'))
          const tag = response.headers.get('etag')
          if (tag !== null)
            expect((await fetch(url, { headers: { 'accept-encoding': encoding, origin, 'if-none-match': tag } })).status).toBe(304)
        }
      }
    }
    expect(handler.calls()).toBeLessThanOrEqual(9)
    await app.stop()
  })
})

describe('cache: limits', () => {
  it('forgets the least recently used, by number and by size, keys included', async () => {
    const handler = counting()
    const app = appOf({ responseCache: { maxEntries: 2 } })
    app.get('/:id', { cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    const ask = async (path: string): Promise<string> => (await t.get(path)).text
    expect([await ask('/a'), await ask('/b'), await ask('/a'), await ask('/c'), await ask('/a'), await ask('/b')]).toEqual([
      '#1',
      '#2',
      '#1',
      '#3',
      '#1',
      '#4',
    ])

    const small = appOf({ responseCache: { maxSize: '8kb' } })
    small.get(
      '/:id',
      { cache: { ttl: '1h' } },
      counting((ctx) => 'x'.repeat(Number(ctx.pathParams['id']))),
    )
    await using s = await testApp(small)
    await s.get('/100').expectHeader('cache-status', /stored/)
    await s.get('/1000').expectHeader('cache-status', 'tutti; fwd=miss')
    await s.get(`/100?${'q'.repeat(1000)}`).expectHeader('cache-status', 'tutti; fwd=miss')
  })

  it.each([{ maxEntries: 0 }, { maxEntries: Number.NaN }, { maxSize: 'big' }])('refuses %j', (responseCache) => {
    expect(() => appOf({ responseCache: responseCache as never })).toThrow(/received/i)
  })

  it('refuses options that do not exist, in a route as well', async () => {
    expect(() => cache({ ttl: '1s', tag: 'x' } as never)).toThrow(/"tag", which does not exist/)
    const app = appOf()
    app.get('/', { cache: { ttl: '1s', share: true } as never, guard: all() }, () => 1)
    await expect(app.start()).rejects.toThrow(/"share", which does not exist/)
  })
})
