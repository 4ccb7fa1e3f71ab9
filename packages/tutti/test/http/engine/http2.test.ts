import { once } from 'node:events'
import { connect as tlsConnect } from 'node:tls'
import { request as httpsRequest } from 'node:https'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { App, reply, sse, type AppOptions } from '../../../src/index.ts'
import { TestAuthority, type Issued } from './certificates.ts'
import { openHttp2, request } from './http2-client.ts'
import { exchange, RawSocket, statuses } from './raw-socket.ts'

let authority: TestAuthority
let server: Issued
beforeAll(async () => {
  authority = await TestAuthority.create()
  server = await authority.issue('localhost')
})
afterAll(() => authority.dispose())

const open: App[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.stop()
})

interface Seen {
  gone: PromiseWithResolvers<unknown>
  readonly entered: PromiseWithResolvers<void>
  readonly held: PromiseWithResolvers<void>
}

async function serve(http: NonNullable<AppOptions['http']>): Promise<{ url: string; app: App; seen: Seen }> {
  const app = new App({ name: 't', log: { level: 'silent' }, http })
  const seen: Seen = { gone: Promise.withResolvers(), entered: Promise.withResolvers(), held: Promise.withResolvers() }
  app.get('/headers', (ctx) => ({
    headers: ctx.headers,
    host: ctx.host,
    protocol: ctx.protocol,
    url: ctx.url.href,
    raw: ctx.source.rawHeaders,
  }))
  app.post('/echo', ({ body }) => ({ body }))
  app.get('/cookies', (ctx) => {
    ctx.setCookie('a', '1')
    ctx.setCookie('b', '2')
    return 'x'
  })
  app.get('/connection', () =>
    reply(200, 'x', { connection: 'close', 'keep-alive': 'timeout=5', 'transfer-encoding': 'chunked', upgrade: 'h2c', 'x-a': 'b' }),
  )
  app.get('/injected', () => reply(200, 'x', { 'x-a': 'one\r\nx-b: two' }))
  app.get('/none', () => undefined)
  app.get('/held', async () => {
    seen.entered.resolve()
    await seen.held.promise
    return 'held'
  })
  app.get('/events', (ctx) => {
    ctx.signal.addEventListener('abort', () => seen.gone.resolve(ctx.signal.reason))
    return sse(
      (async function* () {
        yield { data: 'one' }
        yield { data: 'two' }
        await once(ctx.signal, 'abort')
      })(),
    )
  })
  app.get('/signal', (ctx) => {
    ctx.signal.addEventListener('abort', () => seen.gone.resolve('fired'))
    return 'done'
  })
  open.push(app)
  return { url: (await app.listen(0, 'localhost')).url, app, seen }
}

const tls = (): { cert: string; key: string } => ({ cert: server.cert, key: server.key })

describe('HTTP/2 over TLS', () => {
  it('answers requests, with the headers of HTTP/1 and none of the pseudo headers', async () => {
    const { url } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const { status, headers, text } = await request(session, { ':path': '/headers?a=1', 'x-a': 'b' })
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    const seen: { headers: Record<string, string>; host: string; protocol: string; url: string; raw: string[] } = JSON.parse(text)
    expect(Object.keys(seen.headers).toSorted()).toEqual(['host', 'x-a'])
    expect(seen.raw.filter((name) => name.startsWith(':'))).toEqual([])
    expect(seen).toMatchObject({ host: new URL(url).host, protocol: 'https', url: `${url}/headers?a=1` })
    session.close()
  })

  it('takes bodies and answers them', async () => {
    const { url } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const { text } = await request(session, { ':method': 'POST', ':path': '/echo', 'content-type': 'application/json' }, '{"a":1}')
    expect(JSON.parse(text)).toEqual({ body: { a: 1 } })
    session.close()
  })

  it('answers 413 to a body over its limit without reading it to its end', async () => {
    const { url } = await serve({ tls: tls(), bodyLimit: '1kb' })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const stream = session.request({ ':method': 'POST', ':path': '/echo', 'content-type': 'application/json', 'content-length': '5000000' })
    stream.on('error', () => {})
    stream.write('x'.repeat(100_000))
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect(headers[':status']).toBe(413)
    stream.resume()
    await once(stream, 'close')
    expect((await request(session, { ':path': '/none' })).status).toBe(204)
    session.close()
  })

  it('answers HEAD, 204 and 404 as they should be', async () => {
    const { url } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const head = await request(session, { ':method': 'HEAD', ':path': '/headers' })
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    expect(await request(session, { ':path': '/none' })).toMatchObject({ status: 204, text: '' })
    expect(await request(session, { ':path': '/nowhere' })).toMatchObject({ status: 404 })
    session.close()
  })

  it('keeps Set-Cookie apart, and leaves out headers about connections without a warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    const { url } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    expect((await request(session, { ':path': '/cookies' })).headers['set-cookie']).toHaveLength(2)
    const { status, headers } = await request(session, { ':path': '/connection' })
    expect(status).toBe(200)
    expect(headers['x-a']).toBe('b')
    for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade']) expect(headers).not.toHaveProperty([name])
    session.close()
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  it('never sends a header with a line break in it', async () => {
    const { url } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const { status, headers } = await request(session, { ':path': '/injected' })
    expect(status).toBe(500)
    expect(headers).not.toHaveProperty('x-a')
    session.close()
  })

  it('streams events as they come, and fires the signal when the client resets the stream', async () => {
    const { url, seen } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const stream = session.request({ ':path': '/events' })
    stream.setEncoding('utf8')
    let text = ''
    stream.on('data', (chunk: string) => (text += chunk))
    await expect.poll(() => text).toContain('data: one\n\ndata: two\n\n')
    stream.close(8)
    expect(await seen.gone.promise).toBeInstanceOf(Error)
    session.close()
  })

  it('fires the signal where the client drops the connection', async () => {
    const { url, seen } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const other = session.request({ ':path': '/events' })
    other.on('error', () => {})
    await once(other.resume(), 'response')
    session.destroy()
    expect(await seen.gone.promise).toBeInstanceOf(Error)
  })

  it('does not fire the signal of a request that was answered', async () => {
    const { url, seen, app } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    expect((await request(session, { ':path': '/signal' })).text).toBe('done')
    session.close()
    await app.stop()
    expect(await Promise.race([seen.gone.promise, Promise.resolve('silent')])).toBe('silent')
  })

  it('answers bodies that take too long with 408', async () => {
    const { url } = await serve({ tls: tls(), requestTimeout: '1s' })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const stream = session.request({ ':method': 'POST', ':path': '/echo', 'content-type': 'application/json' }, { endStream: false })
    stream.on('error', () => {})
    stream.write('{"a"')
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect(headers[':status']).toBe(408)
    stream.destroy()
    session.close()
  })

  it('cuts off clients that reset streams as fast as they open them', async () => {
    const { url } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const closed = new Promise((resolve) => session.once('close', resolve))
    for (let i = 0; i < 5000 && !session.destroyed && !session.closed; i++) {
      const stream = session.request({ ':path': '/none' })
      stream.on('error', () => {})
      stream.close(8)
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await closed
    expect(session.destroyed).toBe(true)
  })

  it('allows no more than 128 streams at a time', async () => {
    const { url } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    await expect.poll(() => session.remoteSettings.maxConcurrentStreams).toBe(128)
    session.close()
  })

  it('finishes what runs, and refuses what comes then so that it can be sent elsewhere, when it stops', async () => {
    const { url, app, seen } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const running = request(session, { ':path': '/held' })
    await seen.entered.promise
    // Sent before the client can know of the end.
    const underWay = session.request({ ':path': '/none' })
    underWay.on('error', () => {})
    const refused = new Promise((resolve) => underWay.once('close', resolve))
    const stopped = app.stop()
    await refused
    // REFUSED_STREAM: nobody has looked at it (RFC 9113 section 8.7).
    expect(underWay.rstCode).toBe(7)
    seen.held.resolve()
    expect((await running).text).toBe('held')
    await stopped
  })

  it('asks clients with GOAWAY to go elsewhere, and ends event streams, when it stops', async () => {
    const { url, app } = await serve({ tls: tls() })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    const goaway = once(session, 'goaway')
    const stream = session.request({ ':path': '/events' })
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    await expect.poll(() => text).toContain('two')
    const closed = Promise.all([once(stream, 'close'), once(session, 'close')])
    await app.stop()
    const [code] = (await goaway) as [number]
    expect(code).toBe(0)
    await closed
    expect(stream.rstCode).toBe(0)
  })
})

describe('HTTP/1.1 over TLS', () => {
  const get = (url: string, path: string): Promise<{ status: number | undefined; version: string; text: string }> =>
    new Promise((resolve, reject) => {
      httpsRequest(`${url}${path}`, { ca: authority.ca.cert, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.once('end', () => resolve({ status: response.statusCode, version: response.httpVersion, text }))
      })
        .once('error', reject)
        .end()
    })

  it('is spoken on the same port by clients that do not know HTTP/2', async () => {
    const { url } = await serve({ tls: tls() })
    const answer = await get(url, '/headers')
    expect(answer).toMatchObject({ status: 200, version: '1.1' })
    expect(JSON.parse(answer.text)).toMatchObject({ protocol: 'https', host: new URL(url).host })
  })

  it('is all that is spoken with http2: false', async () => {
    const { url } = await serve({ tls: tls(), http2: false })
    const socket = tlsConnect({
      host: 'localhost',
      port: Number(new URL(url).port),
      ca: authority.ca.cert,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
    expect(await get(url, '/headers')).toMatchObject({ status: 200 })
  })

  it('has the limits of plain HTTP: a slow head is answered with 408', async () => {
    const { url } = await serve({ tls: tls(), headersTimeout: '1s' })
    const socket = tlsConnect({ host: 'localhost', port: Number(new URL(url).port), ca: authority.ca.cert, ALPNProtocols: ['http/1.1'] })
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.write('GET / HTTP/1.1\r\nHost: x')
    await once(socket, 'close')
    expect(statuses(text)).toEqual([408])
  })

  it('closes connections that speak no TLS', async () => {
    const { url } = await serve({ tls: tls() })
    const answer = await exchange(url, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(answer).not.toContain('HTTP/1.1 200')
  })

  it('refuses versions of TLS below 1.2', async () => {
    const { url } = await serve({ tls: tls() })
    const socket = tlsConnect({
      host: 'localhost',
      port: Number(new URL(url).port),
      ca: authority.ca.cert,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/protocol|alert|EPROTO/i)
  })
})

describe('HTTP/2 without TLS', () => {
  it('is spoken by prior knowledge next to HTTP/1.1 on one port', async () => {
    const { url } = await serve({ h2c: true })
    const session = await openHttp2(url)
    const { status, text } = await request(session, { ':method': 'POST', ':path': '/echo', 'content-type': 'application/json' }, '{"a":1}')
    expect([status, JSON.parse(text)]).toEqual([200, { body: { a: 1 } }])
    session.close()
    expect(await (await fetch(`${url}/headers`)).json()).toMatchObject({ protocol: 'http' })
    const answer = await exchange(
      url,
      'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 7\r\n\r\n{"a":1}',
    )
    expect(answer).toContain('{"body":{"a":1}}')
  })

  it('fires the signal where the client drops the connection', async () => {
    const { url, seen } = await serve({ h2c: true })
    const session = await openHttp2(url)
    const stream = session.request({ ':path': '/events' })
    stream.on('error', () => {})
    await once(stream.resume(), 'response')
    session.destroy()
    expect(await seen.gone.promise).toBeInstanceOf(Error)
  })

  it('tells the two apart byte by byte', async () => {
    const { url } = await serve({ h2c: true, headersTimeout: '30s' })
    const socket = await RawSocket.open(url)
    socket.socket.setNoDelay(true)
    for (const byte of 'PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n') {
      socket.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(statuses(await socket.whole())).toEqual([404])
  })

  it('closes connections that never say which one they want', async () => {
    const { url } = await serve({ h2c: true, headersTimeout: '200ms' })
    const socket = await RawSocket.open(url)
    expect(await socket.send('P').whole()).toBe('')
  })

  it('stops', async () => {
    const { url, app } = await serve({ h2c: true })
    const session = await openHttp2(url)
    await fetch(`${url}/none`)
    const closed = once(session, 'close')
    await app.stop()
    await closed
  })
})
