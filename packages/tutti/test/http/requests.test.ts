import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'

function app(): App {
  return new App({ name: 't', log: { level: 'silent' } })
}

describe('the parts of a request', () => {
  it('keeps repeated query keys and decodes them', async () => {
    await using t = await testApp(app().get('/', ({ query }) => query))
    await t.get('/?a=1&b=x%20y&a=2&c=a+b&d').expect(200, { a: ['1', '2'], b: 'x y', c: 'a b', d: '' })
  })

  it('gives one value as a list where the schema wants a list', async () => {
    const query = z.object({ tag: z.array(z.string()).optional(), page: z.coerce.number().default(1) })
    await using t = await testApp(app().get('/', { query }, ({ query }) => query))
    await t.get('/?tag=a').expect(200, { tag: ['a'], page: 1 })
    await t.get('/?tag=a&tag=b&page=3').expect(200, { tag: ['a', 'b'], page: 3 })
  })

  it('reads cookies and headers', async () => {
    await using t = await testApp(
      app().get(
        '/',
        { cookies: z.object({ theme: z.enum(['dark', 'light']) }), headers: z.object({ 'x-count': z.coerce.number() }) },
        ({ cookies, headers }) => ({ cookies, headers }),
      ),
    )
    await t
      .get('/')
      .cookie('theme', 'dark')
      .header('x-count', '3')
      .expect(200, { cookies: { theme: 'dark' }, headers: { 'x-count': 3 } })
  })

  it('reports every problem of a request at once', async () => {
    const application = app().post(
      '/orders/:id',
      {
        params: z.object({ id: z.coerce.number() }),
        query: z.object({ dry: z.enum(['yes', 'no']) }),
        headers: z.object({ 'x-shop': z.string() }),
        body: z.object({ lines: z.array(z.object({ qty: z.number().positive() })), customer: z.string() }),
      },
      () => 'never',
    )
    await using t = await testApp(application)
    const response = await t
      .post('/orders/x?dry=maybe', { json: { lines: [{ qty: 1 }, { qty: -1 }] } })
      .expectHeader('content-type', 'application/problem+json')
    expect(response.status).toBe(422)
    const problem = response.body as { code: string; requestId: string; errors: { path: string; message: string; code: string }[] }
    expect(problem.code).toBe('TUTTI_VALIDATION')
    expect(problem.requestId).toMatch(/^[\da-f-]{36}$/)
    expect(problem.errors.map(({ path }) => path)).toEqual([
      'params.id',
      'query.dry',
      'headers.x-shop',
      'body.lines.1.qty',
      'body.customer',
    ])
    for (const error of problem.errors)
      expect(error).toEqual({ path: expect.any(String), message: expect.any(String), code: expect.any(String) })
  })

  it('takes schemas of any library, and async ones', async () => {
    const application = app()
      .post('/valibot', { body: v.object({ n: v.number() }) }, ({ body }) => body.n + 1)
      .post('/arktype', { body: type({ n: 'number' }) }, ({ body }) => body.n + 2)
      .post(
        '/async',
        { body: z.object({ n: z.number().refine(async (n) => Promise.resolve(n > 1), 'too small') }) },
        ({ body }) => body.n + 3,
      )
    await using t = await testApp(application)
    await t.post('/valibot', { json: { n: 1 } }).expect(200, 2)
    await t.post('/valibot', { json: {} }).expect(422)
    await t.post('/arktype', { json: { n: 1 } }).expect(200, 3)
    await t.post('/arktype', { json: { n: 'x' } }).expect(422)
    await t.post('/async', { json: { n: 2 } }).expect(200, 5)
    await t.post('/async', { json: { n: 1 } }).expect(422)
  })

  it('parses bodies by their media type where the route says nothing', async () => {
    await using t = await testApp(app().post('/', ({ body }) => ({ body: body instanceof Uint8Array ? [...body] : body })))
    await t.post('/', { json: { a: 1 } }).expect(200, { body: { a: 1 } })
    await t.post('/', { form: { a: ['1', '2'], b: 'x' } }).expect(200, { body: { a: ['1', '2'], b: 'x' } })
    await t.post('/', { body: 'hello', headers: { 'content-type': 'text/plain' } }).expect(200, { body: 'hello' })
    await t
      .post('/', { body: new Uint8Array([1, 2]), headers: { 'content-type': 'application/octet-stream' } })
      .expect(200, { body: [1, 2] })
    await t.post('/').expect(200, {})
    await t.post('/', { body: '{}', headers: { 'content-type': 'image/png' } }).expect(415)
  })

  it.each([
    ['text that is not JSON', '{"a":', 400],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400],
    ['__proto__ as a key', '{"a":{"__proto__":{"admin":true}}}', 400],
    ['__proto__ as an escaped key', '{"\\u005f_proto__":1}', 400],
    ['constructor.prototype', '{"constructor":{"prototype":{"admin":true}}}', 400],
  ])('answers 400 to %s', async (_, body, status) => {
    await using t = await testApp(app().post('/', { body: z.record(z.string(), z.unknown()) }, ({ body }) => body))
    await t.post('/', { body: body as string, headers: { 'content-type': 'application/json' } }).expect(status)
  })

  it('takes harmless keys that look suspicious', async () => {
    await using t = await testApp(app().post('/', ({ body }) => body))
    await t
      .post('/', { json: { constructor: 'builder', text: '"__proto__": x' } })
      .expect(200, { constructor: 'builder', text: '"__proto__": x' })
  })

  it('refuses a body over its limit', async () => {
    await using t = await testApp(app().post('/', { bodyLimit: '10b' }, ({ body }) => body))
    await t.post('/', { json: { a: 'much more than ten bytes' } }).expect(413)
    await t.post('/', { json: { a: 1 } }).expect(200)
  })
})
