import { Readable } from 'node:stream'
import { accessLog, App, compress, etag, reply, requestId, type Middleware } from 'tutti'
import { silentLogger, type Logger } from '../../../src/observe/index.ts'
import { fakeClock, testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'

interface Line {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

async function logged(options: Parameters<typeof accessLog>[0], ...further: Middleware[]) {
  const log: Line[] = []
  const write =
    (level: string) =>
    (msg: string, fields: object = {}) =>
      void log.push({ level, msg, ...fields })
  const logger: Logger = { ...silentLogger, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const app = new App({ name: 't', docs: false, log: logger }).use(accessLog(options), ...further)
  return { app, log, start: () => testApp(app, { clock: fakeClock() }) }
}

describe('accessLog', () => {
  it('logs each request with its route, status, time, address and id, without the query', async () => {
    const { app, log, start } = await logged({}, requestId())
    app.get('/items/:id', () => 'x').get('/fails', () => reply(503))
    await using t = await start()
    const ok = await t.get('/items/1?token=secret')
    await t.get('/none')
    await t.get('/fails')
    expect(log.map(({ level, msg }) => [level, msg])).toEqual([
      ['info', 'GET /items/1 200'],
      ['warn', 'GET /none 404'],
      ['error', 'GET /fails 503'],
    ])
    expect(log[0]).toMatchObject({
      method: 'GET',
      path: '/items/1',
      route: '/items/:id',
      status: 200,
      durationMs: 0,
      requestId: ok.headers.get('x-request-id'),
    })
    expect(JSON.stringify(log)).not.toContain('secret')
  })

  it('leaves out paths and what is below them, unless the request fails', async () => {
    const { app, log, start } = await logged({ exclude: ['/assets', '/quiet'] })
    for (const path of ['/assets', '/assets/a.js', '/assetsx', '/quiet']) app.get(path, () => 'x')
    app.get('/assets/broken', () => reply(503))
    await using t = await start()
    for (const path of ['/assets', '/assets/a.js', '/assets/none', '/assetsx', '/quiet', '/assets/broken']) await t.get(path)
    expect(log.map(({ msg }) => msg)).toEqual(['GET /assetsx 200', 'GET /assets/broken 503'])
    expect(() => accessLog({ exclude: ['assets'] })).toThrow('accessLog received "assets" to exclude; wanted paths such as "/assets"')
  })

  it('marks slow requests, leaves some out, adds fields, and has another level', async () => {
    const { app, log, start } = await logged({
      level: 'debug',
      slow: '500ms',
      skip: ({ path }) => path === '/health',
      fields: (ctx, { status }) => ({ agent: ctx.source.headers['user-agent'], ok: status < 400 }),
    })
    let go = (): void => {}
    app
      .get('/health', () => 'ok')
      .get('/slow', () => new Promise((resolve) => (go = () => resolve('x'))))
      .get('/', () => 'x')
    await using t = await start()
    await t.get('/health')
    await t.get('/', { headers: { 'user-agent': 'test' } })
    const slow = t.get('/slow').then((response) => response)
    await t.clock.advance('600ms')
    go()
    await slow
    expect(log).toMatchObject([
      { level: 'debug', agent: 'test', ok: true },
      { level: 'warn', slow: true, durationMs: 600 },
    ])
    expect(log[0]).not.toHaveProperty('slow')
  })

  it('waits for the end of streams, and says where they were cut', async () => {
    const { app, log } = await logged({}, compress({ threshold: 0 }))
    const endless = new Readable({
      read() {
        this.push('x'.repeat(1000))
      },
    })
    let go = (): void => {}
    app.get('/whole', () =>
      reply(
        200,
        Readable.from(
          (async function* () {
            yield 'a'
            await new Promise<void>((resolve) => (go = resolve))
          })(),
        ),
        { 'content-type': 'text/plain' },
      ),
    )
    app.get('/cut', () => endless)
    const { url } = await app.listen(0)
    log.length = 0
    const whole = await fetch(`${url}/whole`)
    expect(log).toEqual([])
    go()
    await whole.text()
    await expect.poll(() => log.length).toBe(1)
    expect(log[0]).toMatchObject({ msg: 'GET /whole 200', ip: '127.0.0.1' })
    expect(log[0]).not.toHaveProperty('aborted')
    const abort = new AbortController()
    const cut = await fetch(`${url}/cut`, { signal: abort.signal })
    await cut.body?.getReader().read()
    abort.abort()
    await expect.poll(() => log.length).toBe(2)
    expect(log[1]).toMatchObject({ msg: 'GET /cut 200', aborted: true, ip: '127.0.0.1' })
    await fetch(`${url}/cut`, { method: 'HEAD' })
    await expect.poll(() => log.length).toBe(3)
    expect(log[2]).toMatchObject({ msg: 'HEAD /cut 200' })
    expect(log[2]).not.toHaveProperty('aborted')
    await app.stop()
  })

  it('sees what middleware further in made of the response', async () => {
    const { app, log, start } = await logged({}, etag())
    app.get('/', () => 'x')
    await using t = await start()
    const { headers } = await t.get('/')
    await t.get('/', { headers: { 'if-none-match': headers.get('etag') ?? '' } })
    expect(log.map(({ status }) => status)).toEqual([200, 304])
  })

  it('answers 500 where its own function fails, and refuses wrong options', async () => {
    const app = appOf().use(
      accessLog({
        fields: () => {
          throw new Error('no')
        },
      }),
    )
    app.get('/', () => Readable.from(['x']))
    await using t = await testApp(app)
    await t.get('/').expect(500)
    for (const options of [{ level: 'loud' }, { slow: 'very' }, { ignore: true }])
      expect(() => accessLog(options as never)).toThrow(/received/i)
  })
})
