import { Readable } from 'node:stream'
import zlib from 'node:zlib'
import { compress, etag, reply, sse, type Middleware } from 'tutti'
import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'

const text = 'all together now, '.repeat(500)
const decode = { br: zlib.brotliDecompressSync, gzip: zlib.gunzipSync, zstd: zlib.zstdDecompressSync }

async function appWith(handler: () => unknown, ...middleware: Middleware[]) {
  const app = appOf().use(...middleware)
  app.get('/', handler)
  return testApp(app)
}

const fetchAs = async (t: Awaited<ReturnType<typeof appWith>>, accept: string | undefined, more: Record<string, string> = {}) =>
  t.get('/', { headers: { ...(accept !== undefined && { 'accept-encoding': accept }), ...more } })

describe('compress: encodings', () => {
  it.each(['br', 'gzip', 'zstd'] as const)('sends %s, which decodes to the body', async (encoding) => {
    await using t = await appWith(() => text, compress())
    const got = await fetchAs(t, encoding)
    expect(got.headers.get('content-encoding')).toBe(encoding)
    expect(got.headers.get('vary')).toBe('Accept-Encoding')
    expect(Number(got.headers.get('content-length'))).toBe(got.bytes.length)
    expect(decode[encoding](got.bytes).toString()).toBe(text)
    expect(got.bytes.length).toBeLessThan(text.length / 10)
  })

  it.each([
    ['gzip, br', 'br'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', 'zstd'],
    ['GZIP', 'gzip'],
    ['deflate', null],
    ['identity', null],
    ['gzip;q=0.5, identity', null],
    ['gzip;q=0', null],
    ['', null],
    [undefined, null],
  ])('for Accept-Encoding %j chooses %s', async (accept, chosen) => {
    await using t = await appWith(() => text, compress())
    const got = await fetchAs(t, accept)
    expect(got.headers.get('content-encoding')).toBe(chosen)
    expect(got.headers.get('vary')).toBe('Accept-Encoding')
    if (chosen === null) expect(got.text).toBe(text)
  })

  it('prefers as it is told', async () => {
    await using t = await appWith(() => text, compress({ encodings: ['gzip', 'zstd'] }))
    expect((await fetchAs(t, 'br, gzip, zstd')).headers.get('content-encoding')).toBe('gzip')
  })

  it('makes smaller bodies with a higher level', async () => {
    const words = Array.from({ length: 3000 }, (_, i) => `${Math.round(Math.sin(i) * 1e6)} ${['all', 'together', 'now'][i % 3]}`).join(' ')
    await using fast = await appWith(() => words, compress({ level: 1 }))
    await using small = await appWith(() => words, compress({ level: 9 }))
    for (const encoding of ['br', 'gzip', 'zstd']) {
      expect((await fetchAs(small, encoding)).bytes.length).toBeLessThan((await fetchAs(fast, encoding)).bytes.length)
    }
  })
})

describe('compress: what it leaves alone', () => {
  it.each([
    ['small bodies', () => 'small'],
    ['images', () => reply(200, Buffer.from(text), { 'content-type': 'image/png' })],
    ['no-transform', () => reply(200, text, { 'cache-control': 'public, no-transform' })],
    ['encoded bodies', () => reply(200, zlib.deflateSync(text), { 'content-type': 'text/plain', 'content-encoding': 'deflate' })],
    ['ranges', () => reply(206, text, { 'content-range': 'bytes 0-8999/20000' })],
    [
      'what only grows',
      () => reply(200, Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 2654435761) >>> 13)), { 'content-type': 'text/plain' }),
    ],
    ['no body', () => reply(204)],
  ])('%s', async (_, handler) => {
    await using t = await appWith(handler, compress())
    const got = await fetchAs(t, 'br, gzip')
    expect(got.headers.get('content-encoding')).not.toBe('br')
    expect(got.headers.get('content-encoding')).not.toBe('gzip')
  })

  it('counts the threshold in bytes, and takes other media types', async () => {
    await using t = await appWith(() => 'é'.repeat(600), compress({ threshold: 1200 }))
    expect((await fetchAs(t, 'gzip')).headers.get('content-encoding')).toBe('gzip')
    await using none = await appWith(() => 'é'.repeat(600), compress({ threshold: 1201 }))
    expect((await fetchAs(none, 'gzip')).headers.get('content-encoding')).toBeNull()
    await using typed = await appWith(() => reply(200, text, { 'content-type': 'model/obj' }), compress({ types: /^model\//g }))
    for (let i = 0; i < 3; i++) expect((await fetchAs(typed, 'gzip')).headers.get('content-encoding')).toBe('gzip')
  })

  it('errors are compressed as well as answers', async () => {
    await using t = await appWith(() => reply(500, text), compress())
    const got = await fetchAs(t, 'gzip')
    expect(got.status).toBe(500)
    expect(got.headers.get('content-encoding')).toBe('gzip')
  })
})

describe('compress: streams', () => {
  it('flushes each chunk, over a real socket', async () => {
    let release = (): void => {}
    const later = new Promise<void>((resolve) => (release = resolve))
    const app = appOf().use(compress({ threshold: 0 }))
    app.get('/', () =>
      reply(
        200,
        Readable.from(
          (async function* () {
            yield 'first '
            await later
            yield 'second'
          })(),
        ),
        { 'content-type': 'text/plain' },
      ),
    )
    const { url } = await app.listen(0)
    const response = await fetch(url, { headers: { 'accept-encoding': 'zstd, br' } })
    expect(response.headers.get('content-encoding')).toBe('br')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader?.read())?.value).toBe('first ')
    release()
    expect((await reader?.read())?.value).toBe('second')
    await reader?.cancel()
    await app.stop()
  })

  it('compresses web Responses', async () => {
    await using t = await appWith(
      () => new Response(text, { headers: { 'content-type': 'text/plain', 'content-length': String(text.length) } }),
      compress(),
    )
    const got = await fetchAs(t, 'gzip')
    expect(got.headers.get('content-length')).toBeNull()
    expect(zlib.gunzipSync(got.bytes).toString()).toBe(text)
  })

  it('leaves server-sent events as they are', async () => {
    await using t = await appWith(
      () =>
        sse(
          (async function* () {
            yield { hello: text }
          })(),
        ),
      compress(),
    )
    expect((await fetchAs(t, 'gzip')).headers.get('content-encoding')).toBeNull()
  })

  it('ends the source when the client goes, and the response when the source breaks', async () => {
    const endless = new Readable({
      read() {
        this.push('x'.repeat(2000))
      },
    })
    await using t = await appWith(() => reply(200, endless, { 'content-type': 'text/plain' }), compress())
    const response = await t.get('/', { headers: { 'accept-encoding': 'gzip' } }).stream()
    await response.body?.cancel()
    await expect.poll(() => endless.destroyed).toBe(true)

    const broken = new Readable({ read() {} })
    broken.push('x'.repeat(2000))
    await using other = await appWith(() => reply(200, broken, { 'content-type': 'text/plain' }), compress())
    const half = await other.get('/', { headers: { 'accept-encoding': 'gzip' } }).stream()
    // Destroyed without an error: nothing ends the stream by itself.
    broken.destroy()
    await expect(half.arrayBuffer()).rejects.toThrow()
  })
})

describe('compress: HEAD and tags', () => {
  it('HEAD says what GET says, and no length of something else', async () => {
    const app = appOf().use(compress())
    app.get('/', () => text)
    const { url } = await app.listen(0)
    const head = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } })
    expect(head.headers.get('content-encoding')).toBe('gzip')
    expect(head.headers.get('content-length')).toBeNull()
    await app.stop()
    await using t = await testApp(
      appOf()
        .use(compress())
        .get('/', () => text),
    )
    const quick = await t.head('/', { headers: { 'accept-encoding': 'gzip' } })
    expect(quick.headers.get('content-length')).toBeNull()
  })

  it('outside of etag: the tag becomes weak, and a 304 names the tag the client holds', async () => {
    await using t = await appWith(() => text, compress(), etag())
    const got = await fetchAs(t, 'gzip')
    const tag = got.headers.get('etag') ?? ''
    expect(tag).toMatch(/^W\/"/)
    const again = await fetchAs(t, 'gzip', { 'if-none-match': tag })
    expect(again.status).toBe(304)
    expect(again.headers.get('etag')).toBe(tag)
    expect(again.headers.get('vary')).toBe('Accept-Encoding')
    const plain = await fetchAs(t, undefined)
    expect(plain.headers.get('etag')).toBe(tag.slice(2))
    expect((await fetchAs(t, undefined, { 'if-none-match': tag.slice(2) })).headers.get('etag')).toBe(tag.slice(2))
  })

  it('inside of etag: each encoding has a strong tag of its own', async () => {
    await using t = await appWith(() => text, etag(), compress())
    const tags = await Promise.all(['gzip', 'br', undefined].map(async (accept) => (await fetchAs(t, accept)).headers.get('etag') ?? ''))
    expect(new Set(tags).size).toBe(3)
    expect(tags.every((tag) => tag.startsWith('"'))).toBe(true)
    expect((await fetchAs(t, 'br', { 'if-none-match': tags[1] ?? '' })).status).toBe(304)
    expect((await fetchAs(t, 'br', { 'if-none-match': tags[0] ?? '' })).status).toBe(200)
  })
})

it.each([[{ level: 0 }], [{ level: 10 }], [{ encodings: ['deflate'] }], [{ threshold: 'much' }], [{ treshold: 1 }]])(
  'compress refuses %j',
  (options) => {
    expect(() => compress(options as never)).toThrow(/received/i)
  },
)
