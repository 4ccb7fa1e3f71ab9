import { brotliDecompressSync } from 'node:zlib'
import { accessLog, cache, compress, cors, etag, rateLimit, requestId, securityHeaders, timeout } from 'tutti'
import { expect, it } from 'vitest'
import { openHttp2 } from '../engine/http2-client.ts'
import { appOf } from './app-of.ts'

it('over HTTP/2 everything together answers as over HTTP/1', async () => {
  let calls = 0
  const text = 'all together now, '.repeat(200)
  const app = appOf({ h2c: true }).use(
    accessLog(),
    requestId(),
    securityHeaders(),
    cors(),
    rateLimit({ limit: 100 }),
    timeout('10s'),
    compress(),
    etag(),
    cache({ ttl: '1h' }),
  )
  app.get('/', () => {
    calls++
    return text
  })
  const { url } = await app.listen(0)
  const session = await openHttp2(url)
  const ask = (headers: Record<string, string>): Promise<{ headers: Record<string, unknown>; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': '/', 'accept-encoding': 'br', origin: 'https://a.example', ...headers })
      const chunks: Buffer[] = []
      let received: Record<string, unknown> = {}
      stream.once('response', (head) => (received = { ...head }))
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('error', reject)
      stream.once('end', () => resolve({ headers: received, body: Buffer.concat(chunks) }))
      stream.end()
    })
  const first = await ask({})
  expect(brotliDecompressSync(first.body).toString()).toBe(text)
  expect(first.headers).toMatchObject({
    ':status': 200,
    'content-encoding': 'br',
    vary: 'Accept-Encoding',
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
    'ratelimit-remaining': '99',
    'cache-status': 'tutti; fwd=miss; stored',
  })
  const head = await ask({ ':method': 'HEAD' })
  expect(head.headers).toMatchObject({ ':status': 200, 'content-encoding': 'br', 'cache-status': expect.stringMatching(/hit/) })
  expect(head.headers['content-length']).toBeUndefined()
  const unchanged = await ask({ 'if-none-match': String(first.headers['etag']) })
  expect(unchanged.headers).toMatchObject({ ':status': 304, etag: first.headers['etag'] })
  expect((await ask({ ':method': 'OPTIONS', 'access-control-request-method': 'GET' })).headers).toMatchObject({
    ':status': 204,
    'access-control-allow-methods': expect.stringContaining('GET'),
  })
  expect((await ask({ ':method': 'DELETE' })).headers).toMatchObject({ ':status': 405, 'access-control-allow-origin': '*' })
  expect(calls).toBe(1)
  session.close()
  await app.stop()
})
