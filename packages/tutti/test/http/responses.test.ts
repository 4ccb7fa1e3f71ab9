import { Readable } from 'node:stream'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, Problem, redirect, reply, sse } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'

const quiet = { name: 't', log: { level: 'silent' } } as const

describe('what handlers return', () => {
  it('answers values by their kind', async () => {
    const application = new App(quiet)
      .get('/json', () => ({ a: [1, null] }))
      .get('/null', () => null)
      .get('/text', () => 'hällo')
      .get('/bytes', () => new Uint8Array([1, 2, 3]))
      .get('/nothing', () => undefined)
      .get('/async', async () => Promise.resolve({ later: true }))
      .get('/number', () => 42)
      .get('/stream', () => Readable.from([Buffer.from('a'), Buffer.from('b')]))
      .get('/web-stream', () => new Blob(['xy']).stream())
      .get('/blob', () => new Blob(['<a/>'], { type: 'application/xml' }))
      .get('/response', () => new Response('teapot', { status: 418, headers: { 'x-kind': 'web' } }))
    await using t = await testApp(application)
    await t
      .get('/json')
      .expect(200, { a: [1, null] })
      .expectHeader('content-type', 'application/json')
    await t.get('/null').expect(200, null)
    await t.get('/text').expect(200, 'hällo').expectHeader('content-type', 'text/plain; charset=utf-8').expectHeader('content-length', '6')
    expect((await t.get('/bytes').expectHeader('content-type', 'application/octet-stream')).bytes).toEqual(new Uint8Array([1, 2, 3]))
    expect((await t.get('/nothing').expect(204)).headers.has('content-length')).toBe(false)
    await t.get('/async').expect(200, { later: true })
    await t.get('/number').expect(200, 42)
    expect((await t.get('/stream')).text).toBe('ab')
    expect((await t.get('/web-stream')).text).toBe('xy')
    expect((await t.get('/blob').expectHeader('content-type', 'application/xml')).text).toBe('<a/>')
    await t.get('/response').expect(418, 'teapot').expectHeader('x-kind', 'web')
  })

  it('answers reply() with its status, headers and body', async () => {
    const application = new App(quiet)
      .post('/', () => reply(201, { id: 1 }, { location: '/1', 'x-many': ['a', 'b'], 'x-none': undefined }))
      .get('/gone', () => reply(410))
      .get('/empty', () => reply(204))
      .get('/moved', () => redirect('/new place?x=é', 308))
    await using t = await testApp(application)
    const created = await t.post('/').expect(201, { id: 1 }).expectHeader('location', '/1')
    expect(created.headers.get('x-many')).toBe('a, b')
    expect(created.headers.has('x-none')).toBe(false)
    const gone = await t.get('/gone').expect(410).expectHeader('content-type', 'application/problem+json')
    expect(gone.body).toMatchObject({ title: 'Gone', status: 410, code: 'GONE', requestId: expect.any(String) })
    await t.get('/empty').expect(204)
    await t.get('/moved').expect(308).expectHeader('location', '/new%20place?x=%C3%A9')
    expect(() => reply(99)).toThrow(/whole number from 200 to 599/)
  })

  it('writes only what the response schema names, and checks it in development', async () => {
    const User = z.object({ id: z.number(), name: z.string() })
    const user = { id: 1, name: 'Ada', passwordHash: 'x' }
    const declare = (validateResponses: boolean): App =>
      new App({ ...quiet, http: { validateResponses } })
        .get('/user', { response: { 200: User } }, () => user)
        .get('/bad', { response: { 200: User } }, () => ({ id: 'x' }) as unknown as typeof user)
        .get('/created', { response: { 201: User } }, () => user)
    await using checked = await testApp(declare(true))
    await using unchecked = await testApp(declare(false))
    for (const t of [checked, unchecked]) {
      await t.get('/user').expect(200, { id: 1, name: 'Ada' })
      await t.get('/created').expect(201, { id: 1, name: 'Ada' })
    }
    const refused = await checked.get('/bad').expect(500)
    expect(refused.body).toMatchObject({ code: 'TUTTI_RESPONSE_INVALID', detail: expect.stringContaining('GET /bad answered 200') })
    await unchecked.get('/bad').expect(200)
  })

  it('answers problem documents of one’s own as such', async () => {
    const application = new App(quiet).get('/', { response: { 200: z.string(), 404: Problem } }, () =>
      reply(404, { title: 'Nobody', status: 404, code: 'NOBODY' }),
    )
    await using t = await testApp(application)
    await t.get('/').expect(404, { title: 'Nobody', status: 404, code: 'NOBODY' }).expectHeader('content-type', 'application/problem+json')
  })

  it('lets no hidden field out by a schema that has no JSON Schema', async () => {
    const User = v.object({ id: v.number() })
    const application = new App({ ...quiet, http: { validateResponses: false } })
      .get('/', { response: { 200: User } }, () => ({ id: 1, passwordHash: 'x' }))
      .get('/transformed', { response: { 200: z.object({ id: z.number() }).transform(({ id }) => ({ id })) } }, () => ({
        id: 1,
        passwordHash: 'x',
      }))
    await using t = await testApp(application)
    await t.get('/').expect(200, { id: 1 })
    await t.get('/transformed').expect(200, { id: 1 })
  })

  it('negotiates the media type', async () => {
    const xml = { mediaType: 'application/xml', encode: (value: unknown) => `<v>${JSON.stringify(value)}</v>` }
    await using t = await testApp(new App({ ...quiet, http: { encoders: [xml] } }).get('/', () => ({ a: 1 })))
    await t.get('/').expect(200, { a: 1 }).expectHeader('vary', 'Accept')
    await t.get('/').header('accept', 'application/xml').expect(200, '<v>{"a":1}</v>').expectHeader('content-type', 'application/xml')
    await t.get('/').header('accept', 'application/json;q=0.5, application/*').expectHeader('content-type', 'application/xml')
    await t.get('/').header('accept', 'application/xml;q=0, */*').expectHeader('content-type', 'application/json')
    expect((await t.get('/').header('accept', 'image/png').expect(406)).body).toMatchObject({ code: 'TUTTI_NOT_ACCEPTABLE' })
  })

  it('sets, signs and clears cookies', async () => {
    const application = new App({ ...quiet, http: { cookieKeys: ['new', 'old'] } })
      .post('/login', ({ setCookie }) => {
        setCookie('sid', 'a b;c', { signed: true, maxAge: '1h', sameSite: 'strict' })
        setCookie('theme', 'dark')
        return reply(204)
      })
      .get('/me', ({ signedCookie, cookies }) => ({ sid: signedCookie('sid') ?? null, theme: cookies['theme'] ?? null }))
      .post('/logout', ({ clearCookie }) => clearCookie('sid'))
    await using t = await testApp(application)
    const set = (await t.post('/login')).headers.getSetCookie()
    expect(set).toEqual([
      expect.stringMatching(/^sid=a%20b%3Bc\.[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Strict$/),
      'theme=dark; Path=/; HttpOnly; SameSite=Lax',
    ])
    await t.get('/me').expect(200, { sid: 'a b;c', theme: 'dark' })
    const [value = ''] = (t.cookies.get('sid') ?? '').split('.')
    await t
      .get('/me')
      .header('cookie', `sid=${value}.${'A'.repeat(43)}`)
      .expect(200, { sid: null, theme: null })
    await t
      .get('/me')
      .header('cookie', `other=${t.cookies.get('sid')}`)
      .expect(200, { sid: null, theme: null })
    await t.post('/logout')
    expect(t.cookies.has('sid')).toBe(false)
  })

  it('refuses cookies that would break out of their header', async () => {
    const application = new App(quiet)
      .get('/name', ({ setCookie }) => setCookie('a;b', 'x'))
      .get('/path', ({ setCookie }) => setCookie('a', 'x', { path: '/; Domain=evil' }))
    await using t = await testApp(application)
    await t.get('/name').expect(500)
    await t.get('/path').expect(500)
  })
})

describe('server-sent events', () => {
  it('sends what an async iterable yields', async () => {
    const application = new App(quiet).get('/', async function* () {
      yield { price: 1 }
      yield 'two\nlines'
      yield { id: 7, event: 'tick', data: { n: 1 }, retry: '2s' }
    })
    await using t = await testApp(application)
    const response = await t
      .get('/')
      .expectHeader('content-type', 'text/event-stream')
      .expectHeader('cache-control', /no-cache/)
    expect(response.text).toBe(':\n\ndata: {"price":1}\n\ndata: two\ndata: lines\n\nid: 7\nevent: tick\nretry: 2000\ndata: {"n":1}\n\n')
  })

  it('resumes behind Last-Event-ID and keeps silent streams alive', async () => {
    const application = new App(quiet).get('/', ({ lastEventId, signal }) =>
      sse(
        (async function* () {
          yield { id: Number(lastEventId ?? 0) + 1, data: 'next' }
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        })(),
        { heartbeat: '20ms' },
      ),
    )
    await using t = await testApp(application)
    const gone = new AbortController()
    const response = await t.get('/', { headers: { 'last-event-id': '41' }, signal: gone.signal }).stream()
    let text = ''
    const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream()).getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      text += read.value
      if (/data: next\n\n(?::\n\n){2}/.test(text)) break
    }
    expect(text).toContain('id: 42\ndata: next')
    gone.abort()
  })

  it('returns the iterable and fires the signal when the client goes', async () => {
    let returned = false
    const left = Promise.withResolvers<void>()
    const application = new App(quiet).get('/', async function* ({ signal }) {
      signal.addEventListener('abort', () => left.resolve())
      try {
        for (;;) {
          yield 'x'
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      } finally {
        returned = true
      }
    })
    const { url } = await application.listen(0)
    const gone = new AbortController()
    const response = await fetch(url, { signal: gone.signal })
    await response.body?.getReader().read()
    gone.abort()
    await left.promise
    await expect.poll(() => returned).toBe(true)
    await application.stop()
  })
})
