import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, reply, router, type AppOptions } from '../../src/index.ts'
import { bodyLimit, bytes, form, multipart, stream, text, upload, type HttpContext, type Middleware } from '../../src/http/index.ts'
import { RawConnection } from './raw-connection.ts'

const apps: App[] = []

afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop()
})

function newApp(http: AppOptions['http'] = {}): App {
  const app = new App({ name: 't', log: { level: 'silent' }, http })
  apps.push(app)
  return app
}

async function listen(
  app: App,
): Promise<(path: string, body?: RequestInit['body'], headers?: Readonly<Record<string, string>>) => Promise<Response>> {
  const { url } = await app.listen(0)
  return (path, body = null, headers = {}) =>
    fetch(url + path, { method: 'POST', body, headers, ...(body instanceof ReadableStream && { duplex: 'half' }) } as RequestInit)
}

function chunked(...chunks: readonly (string | Uint8Array)[]): ReadableStream {
  return ReadableStream.from(chunks.map((chunk) => (typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)))
}

const plain = { 'content-type': 'text/plain' }

describe('text', () => {
  it('reads text in its charset, and nothing as the empty text', async () => {
    const post = await listen(newApp().post('/', { body: text() }, ({ body }) => ({ body })))
    expect(await (await post('/', 'grün', plain)).json()).toEqual({ body: 'grün' })
    expect(await (await post('/', Buffer.from('grün', 'latin1'), { 'content-type': 'text/plain; charset="ISO-8859-1"' })).json()).toEqual({
      body: 'grün',
    })
    expect(await (await post('/')).json()).toEqual({ body: '' })
    expect((await post('/', Buffer.from([0xff, 0xfe, 0xfd]), plain)).status).toBe(400)
    expect((await post('/', 'x', { 'content-type': 'text/plain; charset=klingon' })).status).toBe(415)
    expect((await post('/', '{}', { 'content-type': 'application/json' })).headers.get('accept')).toBe('text/*')
  })

  it('gives what its schema gives', async () => {
    const post = await listen(
      newApp().post(
        '/',
        { body: text({ schema: z.string().transform(Number).pipe(z.number().max(9)), types: ['text/x-number'] }) },
        ({ body }) => body + 1,
      ),
    )
    expect(await (await post('/', '4', { 'content-type': 'text/x-number' })).json()).toBe(5)
    const wrong = await post('/', '40', { 'content-type': 'text/x-number' })
    expect([wrong.status, await wrong.json()]).toMatchObject([422, { errors: [{ path: 'body' }] }])
    expect((await post('/', '4', plain)).status).toBe(415)
  })
})

describe('form', () => {
  it('keeps repeated names, and gives lists where the schema wants them', async () => {
    const app = newApp()
      .post('/plain', { body: form() }, ({ body }) => body)
      .post('/lists', { body: form(z.object({ tag: z.array(z.string()), n: z.coerce.number().default(0) })) }, ({ body }) => body)
      .post('/either', { body: z.object({ tag: z.array(z.string()) }) }, ({ body }) => body)
    const post = await listen(app)
    expect(await (await post('/plain', new URLSearchParams('a=1&b=x+y&a=2'))).json()).toEqual({ a: ['1', '2'], b: 'x y' })
    expect(await (await post('/plain')).json()).toEqual({})
    expect(await (await post('/lists', new URLSearchParams('tag=one&n=7'))).json()).toEqual({ tag: ['one'], n: 7 })
    expect(await (await post('/either', new URLSearchParams('tag=one'))).json()).toEqual({ tag: ['one'] })
    expect((await post('/lists')).status).toBe(422)
    expect((await post('/plain', 'a=1', plain)).status).toBe(415)
  })
})

describe('bytes and streams', () => {
  it('give any body as it is', async () => {
    const app = newApp()
      .post('/bytes', { body: bytes() }, ({ body }) => body.toString('hex'))
      .post('/images', { body: bytes({ types: ['image/*'] }) }, ({ body }) => body.length)
      .post('/stream', { body: stream() }, async ({ body }) => {
        let size = 0
        for await (const chunk of body as AsyncIterable<Buffer>) size += chunk.length
        return size
      })
    const post = await listen(app)
    expect(await (await post('/bytes', Buffer.from([0, 255]))).text()).toBe('00ff')
    expect(await (await post('/bytes')).text()).toBe('')
    expect(await (await post('/images', 'x', { 'content-type': 'image/png' })).json()).toBe(1)
    expect((await post('/images', 'x', plain)).status).toBe(415)
    expect(await (await post('/stream', Buffer.alloc(500_000))).json()).toBe(500_000)
    expect(await (await post('/stream')).json()).toBe(0)
  })

  it('a stream fails in the handler where it is over the limit, announced or not', async () => {
    const seen: unknown[] = []
    const app = newApp().post('/', { body: stream(), bodyLimit: 1000 }, async ({ body }) => {
      try {
        for await (const _ of body);
      } catch (error) {
        seen.push((error as { code: string }).code)
        throw error
      }
    })
    const post = await listen(app)
    expect((await post('/', 'x'.repeat(1001))).status).toBe(413)
    expect(seen).toEqual([])
    expect((await post('/', chunked('x'.repeat(600), 'x'.repeat(600)))).status).toBe(413)
    expect(seen).toEqual(['TUTTI_BODY_TOO_LARGE'])
  })

  it('a stream fails in the handler where the client goes away, whether or not anyone reads', async () => {
    const seen = Promise.withResolvers<unknown>()
    const app = newApp()
      .post('/read', { body: stream() }, async ({ body }) => {
        for await (const _ of body);
      })
      .post('/late', { body: stream() }, async ({ body, signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await body.toArray().catch((error: unknown) => seen.resolve((error as { code: string }).code))
      })
    const { url } = await app.listen(0)
    for (const path of ['/read', '/late']) {
      const connection = await RawConnection.open(url)
      connection.send(`POST ${path} HTTP/1.1\r\nHost: t\r\nContent-Type: a/b\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`)
      await connection.until((got) => got.includes('100 Continue'))
      connection.send('half')
      await connection[Symbol.asyncDispose]()
    }
    expect(await seen.promise).toBe('TUTTI_BODY_INCOMPLETE')
  })
})

describe('a client that goes away', () => {
  it.each(['/bytes', '/stream', '/form'])('while a guard is at work does not leave its request hanging: %s', async (path) => {
    const settled = Promise.withResolvers<unknown>()
    const arrived = Promise.withResolvers<void>()
    const guard = async ({ signal }: HttpContext): Promise<boolean> => {
      arrived.resolve()
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      // The request itself is closed a little later than its response.
      await new Promise((resolve) => setImmediate(resolve))
      return true
    }
    const app = newApp()
      .use(async (ctx, next) => {
        await next()
        settled.resolve((ctx.error as { code?: string } | undefined)?.code)
      })
      .post('/bytes', { guard, body: bytes() }, () => 'never')
      .post('/form', { guard, body: multipart({ files: { a: upload() } }) }, () => 'never')
      .post('/stream', { guard, body: stream() }, async ({ body }) => {
        await body.toArray()
      })
    const { url } = await app.listen(0)
    const connection = await RawConnection.open(url)
    connection.send(`POST ${path} HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100\r\n\r\nhalf`)
    await arrived.promise
    connection.socket.destroy()
    expect(await settled.promise).toBe('TUTTI_BODY_INCOMPLETE')
  })
})

describe('Content-Encoding', () => {
  const body = JSON.stringify({ text: 'hello '.repeat(1000) })

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ])('%s is taken off', async (encoding, compress) => {
    const app = newApp()
      .post('/', { body: z.object({ text: z.string() }) }, ({ body }) => body.text.length)
      .post('/stream', { body: stream() }, ({ body }) => body)
    const post = await listen(app)
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    expect(await (await post('/', compress(body), headers)).json()).toBe(6000)
    expect(await (await post('/stream', chunked(compress(body)), headers)).text()).toBe(body)
    expect((await post('/', compress(body).subarray(0, 20), headers)).status).toBe(400)
    expect((await post('/', 'not compressed', headers)).status).toBe(400)
  })

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('a bomb of %s is refused by its decompressed size', async (encoding, compress) => {
    const post = await listen(newApp().post('/', { body: bytes() }, () => 'never'))
    const bomb = compress(Buffer.alloc(20_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    const response = await post('/', bomb, { 'content-encoding': encoding })
    expect([response.status, await response.json()]).toMatchObject([413, { code: 'TUTTI_BODY_TOO_LARGE' }])
  })

  it('counts compressed bytes that decompress to nothing as well', async () => {
    const post = await listen(newApp().post('/', { body: bytes(), bodyLimit: 1000 }, () => 'never'))
    const empty = gzipSync('')
    const blocks = Array.from({ length: 40 }, () => new Uint8Array(Buffer.concat(Array.from({ length: 10 }, () => empty))))
    expect((await post('/', chunked(...blocks), { 'content-encoding': 'gzip' })).status).toBe(413)
  })

  it('is refused where it is unknown, several, or not taken here', async () => {
    const app = newApp().post('/', { body: bytes() }, ({ body }) => body.length)
    const post = await listen(app)
    for (const encoding of ['pig', 'gzip, gzip', 'compress']) {
      const response = await post('/', 'x', { 'content-encoding': encoding })
      expect([response.status, response.headers.get('accept-encoding')]).toEqual([415, 'gzip, br, deflate, zstd'])
    }
    expect(await (await post('/', 'x', { 'content-encoding': 'identity' })).json()).toBe(1)
    const none = await listen(newApp({ bodyEncodings: [] }).post('/', { body: bytes() }, () => 'never'))
    expect((await none('/', gzipSync('x'), { 'content-encoding': 'gzip' })).headers.get('accept-encoding')).toBe('identity')
    expect(() => newApp({ bodyEncodings: ['lzw' as 'gzip'] })).toThrow(/"lzw"; wanted some of gzip/)
  })
})

describe('bodyLimit', () => {
  const size = ({ body }: { readonly body: Buffer }): number => body.length
  const outer: Middleware = async (_, next) => next()

  it('is decided by the smallest scope', async () => {
    const optioned = router('/optioned', { bodyLimit: 20 })
      .post('/', { body: bytes() }, size)
      .post('/own', { body: bytes(), bodyLimit: 30 }, size)
      .post('/used', { body: bytes(), use: [outer, bodyLimit(40)] }, size)
      .use(router('/nested', { use: [bodyLimit(50)] }).post('/', { body: bytes() }, size))
    const wrapped = router('/wrapped', { use: [bodyLimit(25)] })
      .post('/', { body: bytes() }, size)
      .post('/own', { body: bytes(), bodyLimit: 5 }, size)
      .post('/used', { body: bytes(), use: [bodyLimit(35)] }, size)
    const app = newApp({ bodyLimit: 1 }).use(bodyLimit(10), optioned, wrapped).post('/', { body: bytes() }, size)
    const post = await listen(app)
    for (const [path, limit] of Object.entries({
      '/': 10,
      '/optioned': 20,
      '/optioned/own': 30,
      '/optioned/used': 40,
      '/optioned/nested': 50,
      '/wrapped': 25,
      '/wrapped/own': 5,
      '/wrapped/used': 35,
    })) {
      expect((await post(path, Buffer.alloc(limit))).status, path).toBe(200)
      expect((await post(path, Buffer.alloc(limit + 1))).status, path).toBe(413)
    }
  })

  it('is the application’s otherwise, 1 MB unless told', async () => {
    const post = await listen(newApp().post('/', { body: bytes() }, () => reply(204)))
    expect((await post('/', Buffer.alloc(1024 * 1024))).status).toBe(204)
    expect((await post('/', Buffer.alloc(1024 * 1024 + 1))).status).toBe(413)
    expect(() => bodyLimit('1 megabyte' as '1mb')).toThrow(/wanted bytes/)
  })
})
