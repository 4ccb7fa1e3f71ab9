import { once } from 'node:events'
import { connect } from 'node:http2'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { App, httpError, type TelemetryOptions } from '../../src/index.ts'
import { currentContext } from '../../src/kernel/index.ts'
import { defaultRegistry } from '../../src/observe/index.ts'
import { RecordedSpans } from './recorded.ts'

const quiet = { level: 'silent' } as const
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const running: App[] = []

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop()
})

function shop(telemetry: TelemetryOptions = {}): { app: App; spans: RecordedSpans } {
  const spans = new RecordedSpans()
  const app = new App({ name: 'shop', log: quiet, http: { h2c: true }, telemetry: { export: spans, ...telemetry } })
  running.push(app)
  app.get('/orders/:id', ({ params }) => ({ id: params.id }))
  app.get('/fails', () => {
    throw new TypeError('broken')
  })
  app.get('/refuses', () => {
    throw httpError(409, 'TAKEN', 'Taken already.')
  })
  app.get('/stream', () => Readable.from(['a', 'b']))
  app.get('/cut', () =>
    Readable.from(
      (async function* () {
        yield 'a'
        throw new Error('lost')
      })(),
    ),
  )
  app.get('/trace', (ctx) => ({ same: currentContext()?.trace === ctx.trace, trace: ctx.trace, baggage: [...(ctx.baggage ?? [])] }))
  return { app, spans }
}

/** Stops, so that every span has been handed over. */
async function ended(app: App): Promise<void> {
  await app.stop()
}

describe('each request', () => {
  it('is a span, named after its route and told by the conventions', async () => {
    const { app, spans } = shop()
    const { url, port } = await app.listen(0, '127.0.0.1')
    await fetch(`${url}/orders/7?page=2&access_token=x1`, { headers: { 'user-agent': 'test/1' } })
    await ended(app)
    expect(spans.one('GET /orders/:id')).toMatchObject({
      kind: 'server',
      scope: 'tutti.http',
      status: 'unset',
      parentId: undefined,
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/orders/7',
        'url.query': 'page=2&access_token=REDACTED',
        'url.scheme': 'http',
        'http.route': '/orders/:id',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'server.port': port,
        'client.address': '127.0.0.1',
        'user_agent.original': 'test/1',
        'network.protocol.version': '1.1',
      },
    })
  })

  it('fails where it is answered with 5xx, and not with 4xx', async () => {
    const { app, spans } = shop()
    for (const path of ['/fails', '/refuses', '/nowhere']) await app.fetch(new Request(`http://shop.example${path}`))
    await app.fetch(new Request('http://shop.example/orders/1', { method: 'HEAD' }))
    await app.fetch(new Request('http://shop.example/orders/1', { method: 'DELETE' }))
    await ended(app)
    expect(
      spans.all.map(({ name, status, attributes }) => [name, status, attributes['http.response.status_code'], attributes['error.type']]),
    ).toEqual([
      ['GET /fails', 'error', 500, 'TypeError'],
      ['GET /refuses', 'unset', 409, undefined],
      ['GET', 'unset', 404, undefined],
      ['HEAD /orders/:id', 'unset', 200, undefined],
      ['DELETE', 'unset', 405, undefined],
    ])
    expect(spans.one('GET /fails').events[0]?.attributes['exception.message']).toBe('broken')
  })

  it('lasts until its body is through, and fails with it', async () => {
    const { app, spans } = shop()
    const { url } = await app.listen(0, '127.0.0.1')
    const response = await fetch(`${url}/stream`)
    expect(await response.text()).toBe('ab')
    await fetch(`${url}/cut`)
      .then((cut) => cut.text())
      .catch(() => undefined)
    await ended(app)
    expect(spans.one('GET /stream').status).toBe('unset')
    expect(spans.one('GET /cut')).toMatchObject({ status: 'error', statusMessage: 'lost' })
  })

  it('over HTTP/2 as well', async () => {
    const { app, spans } = shop()
    const { url } = await app.listen(0, '127.0.0.1')
    const session = connect(url)
    const stream = session.request({ ':path': '/orders/9' })
    stream.resume()
    await once(stream, 'end')
    session.close()
    await ended(app)
    expect(spans.one('GET /orders/:id').attributes).toMatchObject({ 'network.protocol.version': '2', 'server.address': '127.0.0.1' })
  })

  it('goes on with the trace of its caller, and hands on what the caller said', async () => {
    const { app, spans } = shop()
    const headers = { traceparent, tracestate: 'a=1', baggage: 'tenant=acme, user=J%C3%BCrgen;secret' }
    const response = await app.fetch(new Request('http://shop.example/trace', { headers }))
    const seen = (await response.json()) as { same: boolean; trace: { traceId: string; spanId: string; state: string }; baggage: unknown }
    await ended(app)
    const span = spans.one('GET /trace')
    expect([span.traceId, span.parentId, span.state]).toEqual([traceparent.slice(3, 35), 'b7ad6b7169203331', 'a=1'])
    expect(seen).toMatchObject({ same: true, trace: { traceId: span.traceId, spanId: span.spanId, state: 'a=1' } })
    expect(seen.baggage).toEqual([
      ['tenant', { value: 'acme' }],
      ['user', { value: 'Jürgen', properties: 'secret' }],
    ])
  })
})

describe('no span', () => {
  it('of the probes and of what is excluded, nor of a trace that the caller does not keep', async () => {
    const { app, spans } = shop({ exclude: ['/orders', '/health'] })
    for (const path of ['/orders/1', '/health', '/health/live']) await app.fetch(new Request(`http://shop.example${path}`))
    await app.fetch(new Request('http://shop.example/trace', { headers: { traceparent: traceparent.replace(/1$/, '0') } }))
    await ended(app)
    expect(spans.all).toEqual([])
  })

  it('where telemetry is off; the trace of the caller is passed on as it came', async () => {
    const app = new App({ log: quiet, telemetry: false })
    running.push(app)
    app.get('/', (ctx) => ({ trace: ctx.trace }))
    const response = await app.fetch(new Request('http://shop.example/', { headers: { traceparent } }))
    expect(await response.json()).toEqual({ trace: { traceId: traceparent.slice(3, 35), spanId: 'b7ad6b7169203331', flags: 1 } })
  })
})

describe('metrics', () => {
  it('count requests by method, route and status, those without spans too', async () => {
    const { app } = shop({ sample: 0 })
    const counted = (labels: Record<string, unknown>): number => {
      const found = defaultRegistry.collect().find(({ name }) => name === 'http.server.request.duration')
      const series = found?.kind === 'histogram' ? found.series : []
      return series.find((one) => JSON.stringify(one.labels) === JSON.stringify(labels))?.count ?? 0
    }
    const well = { 'http.request.method': 'GET', 'http.route': '/orders/:id', 'http.response.status_code': 200 }
    const other = { 'http.request.method': '_OTHER', 'http.response.status_code': 405 }
    const failed = { 'http.request.method': 'GET', 'http.route': '/fails', 'http.response.status_code': 500, 'error.type': '500' }
    const before = [well, other, failed].map(counted)
    for (let i = 0; i < 3; i++) await app.fetch(new Request(`http://shop.example/orders/${i}`))
    await app.fetch(new Request('http://shop.example/orders/1', { method: 'BREW' }))
    await app.fetch(new Request('http://shop.example/fails'))
    expect([well, other, failed].map((labels, i) => counted(labels) - (before[i] ?? 0))).toEqual([3, 1, 1])
  })
})

describe('a WebSocket', () => {
  it('is a span for its handshake, and a trace for each message, which points there', async () => {
    const { app, spans } = shop()
    app.ws('/chat', {
      message: (socket, text) => {
        if (text === 'fail') throw new Error('broken')
        socket.send(text)
      },
    })
    const { url } = await app.listen(0, '127.0.0.1')
    const client = new WebSocket(`${url.replace('http', 'ws')}/chat`)
    await once(client, 'open')
    client.send('"hello"')
    await once(client, 'message')
    client.send('"fail"')
    await once(client, 'close')
    await ended(app)
    const handshake = spans.one('GET /chat')
    expect(handshake.attributes['http.response.status_code']).toBe(101)
    const messages = spans.all.filter(({ name }) => name === 'message /chat')
    expect(messages.map(({ status, parentId, links }) => [status, parentId, links.map(({ spanId }) => spanId)])).toEqual([
      ['unset', undefined, [handshake.spanId]],
      ['error', undefined, [handshake.spanId]],
    ])
    const counts = defaultRegistry.collect().find(({ name }) => name === 'tutti.websocket.messages')
    expect(counts?.series).toMatchObject([
      { labels: { 'http.route': '/chat', direction: 'in' }, value: 2 },
      { labels: { 'http.route': '/chat', direction: 'out' }, value: 1 },
    ])
  })
})
