import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { App, type TelemetryOptions } from '../../src/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { RecordedSpans } from './recorded.ts'

const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A service that answers 204, `/refused` with 503, and remembers what it was told. */
async function service(): Promise<{ readonly url: string; readonly port: number; readonly told: IncomingHttpHeaders[] }> {
  const told: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    told.push(request.headers)
    response.writeHead(request.url === '/refused' ? 503 : 204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, told }
}

async function shop(
  call: string,
  telemetry: TelemetryOptions = {},
  headers: Record<string, string> = {},
): Promise<{ app: App; spans: RecordedSpans }> {
  const spans = new RecordedSpans()
  const app = new App({ log: { level: 'silent' }, storage: memoryStorage(), telemetry: { export: spans, ...telemetry } })
  app.get('/', async () => ({ status: await fetch(call, { headers }).then(({ status }) => status) }))
  await app.start()
  ends.push(() => app.stop())
  return { app, spans }
}

const request = (headers: Record<string, string> = {}): Request => new Request('http://shop.example/', { headers })

describe('what a handler fetches', () => {
  it('is a span of its own, and hands on trace and baggage', async () => {
    const { url, port, told } = await service()
    const { app, spans } = await shop(`${url}/parcels?token=x1`)
    await app.fetch(
      request({ baggage: 'tenant=acme', tracestate: 'a=1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
    )
    await app.stop()
    const [server, client] = [spans.one('GET /'), spans.one(({ kind }) => kind === 'client')]
    expect(client).toMatchObject({
      name: 'GET',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentId: server.spanId,
      status: 'unset',
      attributes: {
        'http.request.method': 'GET',
        'url.full': `${url}/parcels`,
        'server.address': '127.0.0.1',
        'server.port': port,
        'http.response.status_code': 204,
      },
    })
    expect(told).toMatchObject([{ traceparent: `00-${client.traceId}-${client.spanId}-01`, tracestate: 'a=1', baggage: 'tenant=acme' }])
  })

  it('fails with its status, and where nobody answers', async () => {
    const { url } = await service()
    const refused = await shop(`${url}/refused`)
    await refused.app.fetch(request())
    await refused.app.stop()
    expect(refused.spans.one(({ kind }) => kind === 'client')).toMatchObject({ status: 'error', attributes: { 'error.type': '503' } })
    // The last one that was opened is closed first.
    const gone = await service()
    await ends.pop()?.()
    const lost = await shop(gone.url)
    await lost.app.fetch(request())
    await lost.app.stop()
    expect(lost.spans.one(({ kind }) => kind === 'client')).toMatchObject({
      status: 'error',
      attributes: { 'server.port': gone.port },
    })
  })

  it('says that a trace is not kept', async () => {
    const { url, told } = await service()
    const { app, spans } = await shop(url, { sample: 0 })
    await app.fetch(request())
    expect(told[0]?.['traceparent']).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-02$/)
    expect(spans.all).toEqual([])
  })

  it('goes with the trace that was given to it', async () => {
    const { url, told } = await service()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { app, spans } = await shop(url, {}, { traceparent })
    await app.fetch(request())
    await app.stop()
    expect([told.map((headers) => headers.traceparent), spans.names]).toEqual([[traceparent], ['GET /']])
  })

  it('is left alone outside of spans, and once the application has stopped', async () => {
    const { url, told } = await service()
    const { app } = await shop(url)
    await fetch(url)
    await app.stop()
    await fetch(url)
    expect(told.map(({ traceparent }) => traceparent)).toEqual([undefined, undefined])
  })
})
