import { cache, reply, router, type Guard, type Middleware } from 'tutti'
import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'
import { counting } from './counting.ts'

/** Knows callers by a header of its own, which the cache knows nothing of. */
const byKey: Middleware = async (ctx, next) => {
  const id = ctx.source.headers['x-user']
  if (typeof id === 'string') ctx.actor = { id, claims: { role: ctx.source.headers['x-role'] ?? 'user' } }
  const tenant = ctx.source.headers['x-tenant']
  if (typeof tenant === 'string') ctx.tenant = tenant
  return next()
}

describe('cache: what is kept apart', () => {
  it('path, query, host, scheme, media type and version', async () => {
    const handler = counting((ctx, n) => `${n} ${ctx.url.href}`)
    const app = appOf({ trustProxy: true })
    app.get('/a/:id', { cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    const asks: (() => PromiseLike<{ text: string }>)[] = [
      () => t.get('/a/1'),
      () => t.get('/a/2'),
      () => t.get('/a/1?q=1'),
      () => t.get('/a/1', { headers: { host: 'other.example' } }),
      () => t.get('/a/1', { headers: { 'x-forwarded-host': 'third.example' } }),
      () => t.get('/a/1', { headers: { 'x-forwarded-proto': 'https' } }),
      () => t.get('/a/1', { headers: { accept: 'text/html' } }),
      () => t.get('/a/1', { headers: { 'accept-version': '2' } }),
    ]
    const first = []
    for (const ask of asks) first.push((await ask()).text)
    expect(new Set(first.map((text) => text.split(' ')[0])).size).toBe(asks.length)
    for (const [i, ask] of asks.entries()) expect((await ask()).text).toBe(first[i])
    expect(handler.calls()).toBe(asks.length)
  })

  it('is not poisoned by forwarded headers of strangers', async () => {
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, (ctx) => `https://${ctx.host}/reset`)
    await using t = await testApp(app)
    await t.get('/', { headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' } })
    expect((await t.get('/')).text).toBe('https://localhost/reset')
  })

  it('routes that constraints pick', async () => {
    const constraints = { region: (source: { headers: Record<string, unknown> }) => source.headers['x-region'] as string | undefined }
    const app = appOf({ constraints }).use(cache({ ttl: '1h' }))
    app.get('/', { constraints: { region: 'eu' } }, () => 'eu').get('/', () => 'elsewhere')
    await using t = await testApp(app)
    for (let i = 0; i < 2; i++) {
      expect((await t.get('/')).text).toBe('elsewhere')
      expect((await t.get('/', { headers: { 'x-region': 'eu' } })).text).toBe('eu')
    }
  })

  it('what the option or the response says it varies by, in any order of coming', async () => {
    const handler = counting((ctx) => {
      const language = ctx.source.headers['accept-language']
      // Says so only in some of its responses, which is wrong but happens.
      return reply(200, `${language} ${String(ctx.source.headers['x-plan'])}`, language === undefined ? {} : { vary: 'Accept-Language' })
    })
    const app = appOf()
    app.get('/', { cache: { ttl: '1h', vary: ['X-Plan'] } }, handler)
    await using t = await testApp(app)
    const ask = async (headers: Record<string, string>): Promise<string> => (await t.get('/', { headers })).text
    expect(await ask({ 'accept-language': 'de' })).toBe('de undefined')
    expect(await ask({ 'accept-language': 'fr' })).toBe('fr undefined')
    expect(await ask({ 'accept-language': 'de', 'x-plan': 'pro' })).toBe('de pro')
    expect(await ask({})).toBe('undefined undefined')
    expect(await ask({ 'accept-language': 'de' })).toBe('de undefined')
    expect(await ask({})).toBe('undefined undefined')
    expect(handler.calls()).toBe(4)
  })

  it('actors, their claims and tenants', async () => {
    const handler = counting((ctx) => `${ctx.tenant} ${ctx.actor?.id} ${String(ctx.actor?.claims?.['role'])}`)
    const app = appOf().use(byKey)
    app.get('/', { cache: { ttl: '1h' } }, handler).get('/shared', { cache: { ttl: '1h', shared: true } }, handler)
    await using t = await testApp(app)
    const ask = async (path: string, headers: Record<string, string>): Promise<string> => (await t.get(path, { headers })).text
    for (let i = 0; i < 2; i++) {
      expect(await ask('/', {})).toBe('undefined undefined undefined')
      expect(await ask('/', { 'x-user': 'ann' })).toBe('undefined ann user')
      expect(await ask('/', { 'x-user': 'ann', 'x-role': 'admin' })).toBe('undefined ann admin')
      expect(await ask('/', { 'x-user': 'bob' })).toBe('undefined bob user')
      expect(await ask('/', { 'x-user': 'ann', 'x-tenant': 'one' })).toBe('one ann user')
      expect(await ask('/', { 'x-user': 'ann', 'x-tenant': 'two' })).toBe('two ann user')
    }
    expect(handler.calls()).toBe(6)
    expect(await ask('/shared', { 'x-user': 'ann', 'x-tenant': 'one' })).toBe('one ann user')
    expect(await ask('/shared', { 'x-user': 'bob', 'x-tenant': 'one' })).toBe('one ann user')
    expect(await ask('/shared', { 'x-user': 'bob', 'x-tenant': 'two' })).toBe('two bob user')
  })

  it('keeps nothing for credentials of nobody known, unless it is shared', async () => {
    const handler = counting()
    const app = appOf()
    app.get('/', { cache: { ttl: '1h' } }, handler).get('/shared', { cache: { ttl: '1h', shared: true } }, handler)
    await using t = await testApp(app)
    for (const headers of [{ authorization: 'Bearer a' }, { cookie: 'session=a' }]) {
      for (let i = 0; i < 2; i++) expect((await t.get('/', { headers })).headers.get('cache-status')).toBeNull()
    }
    expect(handler.calls()).toBe(4)
    await t.get('/shared', { headers: { cookie: 'session=a' } })
    await t.get('/shared', { headers: { cookie: 'session=b' } }).expectHeader('cache-status', /hit/)
  })
})

describe('cache: guards', () => {
  const keyed: Guard = (ctx) => ctx.source.headers['x-api-key'] === 'right'

  it('are asked before the cache, each time', async () => {
    const handler = counting()
    const app = appOf()
    app.get('/', { guard: keyed, cache: { ttl: '1h', shared: true } }, handler)
    await using t = await testApp(app)
    await t.get('/', { headers: { 'x-api-key': 'right' } }).expect(200)
    await t
      .get('/', { headers: { 'x-api-key': 'right' } })
      .expect(200)
      .expectHeader('cache-status', /hit/)
    await t.get('/').expect(401)
    expect(handler.calls()).toBe(1)
  })

  it('without a known actor nothing is kept behind them', async () => {
    const handler = counting()
    const app = appOf()
    app.get('/', { guard: keyed, cache: { ttl: '1h' } }, handler)
    await using t = await testApp(app)
    for (let i = 0; i < 2; i++) await t.get('/', { headers: { 'x-api-key': 'right' } }).expect(200)
    expect(handler.calls()).toBe(2)
  })

  it.each(['application', 'router', 'route'] as const)(
    'are never passed by a cache of the %s that stands outside of them',
    async (level) => {
      const handler = counting()
      const outside = cache({ ttl: '1h', shared: true })
      const inner = router('', level === 'router' ? { use: [outside] } : {})
      inner.get('/', { guard: keyed, cache: { ttl: '1h', shared: true }, ...(level === 'route' && { use: [outside] }) }, handler)
      const app = appOf()
      if (level === 'application') app.use(outside)
      app.use(inner)
      await using t = await testApp(app)
      await t.get('/', { headers: { 'x-api-key': 'right' } }).expect(200)
      await t.get('/').expect(401)
      await t.get('/', { headers: { 'x-api-key': 'right' } }).expect(200, '#1')
    },
  )

  it('and callers that are only known further in are never mixed up', async () => {
    const handler = counting((ctx) => `${ctx.tenant} ${ctx.actor?.id}`)
    const app = appOf().use(cache({ ttl: '1h' }), byKey)
    app.get('/', handler)
    await using t = await testApp(app)
    expect((await t.get('/', { headers: { 'x-user': 'ann' } })).text).toBe('undefined ann')
    expect((await t.get('/', { headers: { 'x-user': 'bob' } })).text).toBe('undefined bob')
    expect((await t.get('/', { headers: { 'x-tenant': 'one' } })).text).toBe('one undefined')
    expect((await t.get('/')).text).toBe('undefined undefined')
  })
})
