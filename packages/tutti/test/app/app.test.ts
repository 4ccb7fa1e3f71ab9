import { describe, expect, it, vi } from 'vitest'
import { currentContext } from '../../src/kernel/index.ts'
import { App, dependency, httpError, module, reply, router, type Middleware, type Plugin } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'

const quiet = { name: 't', log: { level: 'silent' } } as const

describe('middleware', () => {
  it('is an onion around everything: routes, 404, 405, errors and preflights', async () => {
    const seen: string[] = []
    const layer =
      (name: string): Middleware =>
      async (ctx, next) => {
        seen.push(`${name}>`)
        const response = await next()
        seen.push(`<${name} ${response.status} ${ctx.route?.path ?? '-'}`)
        return response
      }
    const application = new App(quiet)
      .use(layer('a'), layer('b'))
      .use(router('/r', { use: [layer('r')] }).get('/x', { use: [layer('x')] }, () => 'ok'))
      .get('/fails', () => {
        throw new Error('boom')
      })
    await using t = await testApp(application)
    await t.get('/r/x').expect(200, 'ok')
    expect(seen.splice(0)).toEqual(['a>', 'b>', 'r>', 'x>', '<x 200 /r/x', '<r 200 /r/x', '<b 200 /r/x', '<a 200 /r/x'])
    await t.get('/missing').expect(404)
    expect(seen.splice(0)).toEqual(['a>', 'b>', '<b 404 -', '<a 404 -'])
    await t.post('/fails').expect(405)
    expect(seen.splice(0)).toEqual(['a>', 'b>', '<b 405 -', '<a 405 -'])
    await t.get('/fails').expect(500)
    expect(seen.splice(0)).toEqual(['a>', 'b>', '<b 500 /fails', '<a 500 /fails'])
    await t.options('/r/x').expect(204)
    expect(seen.splice(0)).toEqual(['a>', 'b>', '<b 204 -', '<a 204 -'])
  })

  it('answers what it returns, keeps the response when it returns nothing, and sees the error', async () => {
    const application = new App(quiet)
      .use(async (ctx, next) => {
        if (ctx.path === '/short') return { short: true }
        const response = await next()
        response.headers.set('x-error', ctx.error instanceof Error ? ctx.error.message : 'none')
      })
      .get('/x', () => 'x')
      .get('/fails', () => {
        throw new Error('boom')
      })
    await using t = await testApp(application)
    await t.get('/short').expect(200, { short: true })
    await t.get('/x').expect(200, 'x').expectHeader('x-error', 'none')
    await t.get('/fails').expect(500).expectHeader('x-error', 'boom')
  })

  it('must call next at most once, and answer', async () => {
    const logged: string[] = []
    const log = { level: 'error', destination: { write: (line: string) => void logged.push(line) } } as const
    const application = new App({ name: 't', log })
      .get('/rejects', { use: [async (_, next) => [await next(), await next()]] }, () => 'x')
      .get('/nothing', { use: [function forgetful() {}] }, () => 'x')
    await using t = await testApp(application)
    await t.get('/rejects').expect(500)
    await t.get('/nothing').expect(500)
    expect(logged.join()).toContain('called next() twice')
    expect(logged.join()).toContain('The middleware forgetful neither called next() nor returned a response')
  })
})

describe('errors', () => {
  it('become problem documents: told to the client where meant for it, logged once and hidden otherwise', async () => {
    const lines: Record<string, unknown>[] = []
    const log = {
      level: 'info',
      format: 'json',
      destination: { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    } as const
    const application = new App({ name: 't', log })
      .get('/known', () => {
        throw httpError(409, 'SOLD_OUT', { message: 'Nothing is left.', details: { left: 0 }, headers: { 'retry-after': 5 } })
      })
      .get('/unknown', async () => {
        await Promise.resolve()
        throw new Error('password is hunter2')
      })
      .get('/thrown-text', () => {
        // oxlint-disable-next-line typescript/only-throw-error -- what careless code does
        throw 'text'
      })
    await using t = await testApp(application)
    const known = await t.get('/known').expect(409).expectHeader('retry-after', '5')
    expect(known.body).toEqual({
      title: 'Conflict',
      status: 409,
      detail: 'Nothing is left.',
      code: 'SOLD_OUT',
      left: 0,
      requestId: expect.any(String),
    })
    expect(lines).toHaveLength(0)
    const unknown = await t.get('/unknown').expect(500)
    expect(unknown.body).toEqual({ title: 'Internal Server Error', status: 500, code: 'TUTTI_INTERNAL', requestId: expect.any(String) })
    expect(unknown.text).not.toContain('hunter2')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ level: 'error', requestId: (unknown.body as { requestId: string }).requestId })
    expect(JSON.stringify(lines[0])).toContain('app.test.ts')
    await t.get('/thrown-text').expect(500)
  })

  it('can be mapped', async () => {
    class OutOfStock extends Error {}
    const application = new App(quiet)
      .onError((error) => (error instanceof OutOfStock ? reply(409, { code: 'OUT_OF_STOCK' }) : undefined))
      .onError((_, ctx) => (ctx.path === '/mapper-fails' ? Promise.reject(new Error('mapper')) : undefined))
      .get('/stock', () => {
        throw new OutOfStock()
      })
      .get('/other', () => {
        throw new Error('other')
      })
      .get('/mapper-fails', () => {
        throw httpError(418, 'TEAPOT', 'original')
      })
    await using t = await testApp(application)
    await t.get('/stock').expect(409, { code: 'OUT_OF_STOCK' })
    await t.get('/other').expect(500)
    await t.get('/mapper-fails').expect(418)
  })
})

describe('dependencies', () => {
  it('live as long as the app, the tenant or the request, and are disposed of in reverse', async () => {
    const events: string[] = []
    const db = dependency('db', () => ({ name: 'db' }), { dispose: () => void events.push('db closed') })
    const tenantDb = dependency(
      'tenantDb',
      { scope: 'tenant', needs: { db }, dispose: () => void events.push('tenant closed') },
      ({ tenant, needs }) => `${needs.db.name}:${tenant}`,
    )
    let made = 0
    const user = dependency(
      'user',
      { scope: 'request', needs: { tenantDb }, dispose: () => void events.push('user closed') },
      async ({ ctx, needs }) => {
        await Promise.resolve()
        return `${String(ctx.headers['x-user'])} in ${needs.tenantDb} #${++made}`
      },
    )
    const application = new App(quiet)
      .use((ctx, next) => {
        ctx.tenant = ctx.headers['x-tenant'] as string
        return next()
      })
      .get('/', { deps: { user, db } }, ({ deps }) => `${deps.user} ${deps.db.name}`)
    const t = await testApp(application)
    await t.get('/', { headers: { 'x-user': 'ada', 'x-tenant': 'red' } }).expect(200, 'ada in db:red #1 db')
    await t.get('/', { headers: { 'x-user': 'bob', 'x-tenant': 'blue' } }).expect(200, 'bob in db:blue #2 db')
    expect(events.splice(0)).toEqual(['user closed', 'user closed'])
    await t.stop()
    expect(events).toEqual(['tenant closed', 'tenant closed', 'db closed'])
  })

  it('of a request live until its stream has ended', async () => {
    let open = false
    const cursor = dependency('cursor', { scope: 'request', dispose: () => void (open = false) }, () => {
      open = true
      return { next: () => open }
    })
    const application = new App(quiet).get('/', { deps: { cursor } }, async function* ({ deps }) {
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        yield deps.cursor.next()
      }
    })
    await using t = await testApp(application)
    expect((await t.get('/')).text).toBe(':\n\ndata: true\n\ndata: true\n\ndata: true\n\n')
    await expect.poll(() => open).toBe(false)
  })

  it('are overridden in tests, and get the configuration', async () => {
    const url = dependency('url', ({ config }) => config['databaseUrl'])
    const application = (): App =>
      new App({ ...quiet, config: { databaseUrl: 'real' } }).get('/', { deps: { url } }, ({ deps }) => deps.url)
    await using real = await testApp(application())
    await real.get('/').expect(200, 'real')
    await using fake = await testApp(application(), { overrides: [[url, 'fake']] })
    await fake.get('/').expect(200, 'fake')
  })
})

describe('the life of an application', () => {
  it('starts in order, stops in reverse, and waits for background work', async () => {
    const events: string[] = []
    const work = Promise.withResolvers<void>()
    const application = new App(quiet)
      .onStart(() => void events.push('start 1'))
      .onStart(async () => Promise.resolve().then(() => void events.push('start 2')))
      .onReady((app) => void events.push(`ready ${app.address === undefined ? 'silent' : 'listening'}`))
      .onStop(() => void events.push('stop 1'))
      .onStop(() => void events.push('stop 2'))
      .post('/', ({ defer }) => {
        defer(async () => {
          events.push(`work for ${currentContext()?.correlationId === undefined ? 'nobody' : 'a request'}`)
          await work.promise
          events.push('work done')
        })
        return reply(202)
      })
    const { url } = await application.listen(0)
    expect((await fetch(url, { method: 'POST' })).status).toBe(202)
    await expect.poll(() => events).toContain('work for a request')
    const stopped = application.stop()
    work.resolve()
    await stopped
    expect(events).toEqual(['start 1', 'start 2', 'ready listening', 'work for a request', 'work done', 'stop 2', 'stop 1'])
    await expect(fetch(url)).rejects.toThrow()
  })

  it('fails to start when a hook fails, having stopped what had started', async () => {
    const events: string[] = []
    const application = new App(quiet)
      .onStart(() => void events.push('never stopped by itself'))
      .onStop(() => void events.push('stopped'), 'first')
      .onStart(() => Promise.reject(new Error('no database')), 'database')
    await expect(application.listen(0)).rejects.toMatchObject({
      code: 'TUTTI_START_FAILED',
      message: expect.stringMatching(/"database" failed: .*no database/),
    })
    expect(events).toEqual(['never stopped by itself', 'stopped'])
  })

  it.each([
    ['an unknown option', { prot: 80 }, /"prot", which does not exist; known are/],
    ['an unknown http option', { http: { prot: 80 } }, /"prot", which does not exist/],
    ['a name that is none', { name: 'a/../b' }, /received the name "a\/..\/b"/],
    ['a size that is none', { http: { bodyLimit: '1 megabyte' } }, /wanted bytes/],
  ])('refuses %s', (_, options, message) => {
    expect(() => new App(options as object)).toThrow(message)
  })

  it('refuses ports that are none, wherever they come from', async () => {
    await expect(new App(quiet).listen(70_000)).rejects.toThrow(/listen received the port 70000/)
    vi.stubEnv('PORT', 'eighty')
    await expect(new App(quiet).listen()).rejects.toThrow(/PORT in the environment received the port "eighty"/)
    vi.unstubAllEnvs()
  })

  it('takes no declarations once it has started', async () => {
    await using t = await testApp(new App(quiet).get('/', () => 1))
    expect(() => t.app.get('/late', () => 1)).toThrow(/declare everything before listen/)
    expect(() => t.app.use(() => 1)).toThrow(/TUTTI|declare everything/)
  })
})

describe('plugins and modules', () => {
  it('sets plugins up in the order of their needs, with everything an application can do', async () => {
    const order: string[] = []
    const metrics: Plugin = {
      name: 'metrics',
      needs: ['store'],
      async setup(app) {
        await Promise.resolve()
        order.push('metrics')
        app.get('/metrics', () => 'up 1').onStart(() => void order.push('hook'))
      },
    }
    const store: Plugin = { name: 'store', setup: () => void order.push('store') }
    await using t = await testApp(new App(quiet).use(metrics, store))
    await t.get('/metrics').expect(200, 'up 1')
    expect(order).toEqual(['store', 'metrics', 'hook'])
  })

  it.each([
    ['a plugin that is missing', [{ name: 'a', needs: ['b'] }], /"a" needs the plugin "b", which is not used/],
    [
      'a circle',
      [
        { name: 'a', needs: ['b'] },
        { name: 'b', needs: ['a'] },
      ],
      /in a circle: a → b → a/,
    ],
    ['a double', [{ name: 'a' }, { name: 'a' }], /"a" is used twice/],
  ])('refuses to start with %s', async (_, plugins, message) => {
    const application = new App(quiet).use(...plugins.map((plugin) => ({ ...plugin, setup: () => {} })))
    await expect(application.start()).rejects.toThrow(message)
  })

  it('groups parts in modules, which routes tell of', async () => {
    const orders = module('orders', [router('/orders').get('/', () => []), module('billing', [router('/bills').get('/', () => [])])])
    await using t = await testApp(new App(quiet).use(orders))
    await t.get('/bills').expect(200, [])
    expect(t.app.routes()).toMatchObject([
      { path: '/orders', module: 'orders' },
      { path: '/bills', module: 'billing' },
    ])
    expect(t.app.modules().map(({ name }) => name)).toEqual(['orders', 'billing'])
  })

  it('refuses what it cannot use', () => {
    expect(() => new App(quiet).use({ nam: 'x' } as never)).toThrow(/an object with nam; wanted middleware, a router, an aggregate/)
  })
})

describe('the context', () => {
  it('travels with everything that a request starts', async () => {
    const application = new App({ ...quiet, http: { trustProxy: true } }).get('/', async (ctx) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      const context = currentContext()
      return { same: context === (ctx as unknown), id: context?.correlationId, trace: context?.trace }
    })
    await using t = await testApp(application)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await t.get('/', { headers: { 'x-request-id': 'req-1', traceparent } }).expect(200, {
      same: true,
      id: 'req-1',
      trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 },
    })
  })

  it('believes request ids of trusted proxies alone', async () => {
    const ask = async (trustProxy: boolean): Promise<string> => {
      const application = new App({ ...quiet, http: { trustProxy } }).get('/', ({ id }) => id)
      const { url } = await application.listen(0)
      const answer = await (await fetch(url, { headers: { 'x-request-id': 'given-1' } })).text()
      await application.stop()
      return answer
    }
    expect(await ask(true)).toBe('given-1')
    expect(await ask(false)).toMatch(/^[\da-f]{8}-[\da-f]{4}-7/)
  })
})
