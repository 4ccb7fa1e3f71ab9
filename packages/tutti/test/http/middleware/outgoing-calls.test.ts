import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { App, bulkhead, circuitBreaker } from 'tutti'
import { fakeClock, testApp } from 'tutti/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'

/** The other service, which answers what it is told. */
let status = 200
let calls = 0
const held: (() => void)[] = []
const stock = createServer((request, response) => {
  calls++
  const answer = (): void => void response.writeHead(status, { 'content-type': 'text/plain' }).end('12 left')
  if (request.url === '/held') held.push(answer)
  else answer()
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => stock.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(stock.address() as AddressInfo).port}`
})
afterAll(() => void stock.close())

describe('calls to other services', () => {
  it('through a circuit breaker answer 503 with Retry-After while the other one fails, without calling it', async () => {
    const clock = fakeClock()
    const breaker = circuitBreaker({ name: 'stock.internal', failures: 2, resetAfter: '10s', clock })
    const app = appOf()
    app.get('/', ({ signal: gone }) =>
      breaker.call(
        async (signal) => {
          const response = await fetch(url, { signal })
          if (!response.ok) throw new Error(`The stock answered ${response.status}.`)
          return response.text()
        },
        { signal: gone },
      ),
    )
    await using t = await testApp(app, { clock })
    await t.get('/').expect(200, '12 left')
    status = 500
    for (let i = 0; i < 2; i++) await t.get('/').expect(500)
    const before = calls
    const refused = await t.get('/').expect(503).expectHeader('retry-after', '10')
    expect(refused.body).toMatchObject({ code: 'TUTTI_CIRCUIT_OPEN', status: 503, title: 'Service Unavailable' })
    // What it is that fails is nobody's business outside.
    expect(refused.text).not.toContain('stock')
    await clock.advance('9s')
    await t.get('/').expect(503).expectHeader('retry-after', '1')
    expect(calls).toBe(before)
    status = 200
    await clock.advance('1s')
    await t.get('/').expect(200)
    expect(breaker.state.status).toBe('closed')
  })

  it('through a bulkhead answer 503 at once where too many run and wait', async () => {
    const guard = bulkhead({ name: 'stock', concurrency: 1, queue: 1 })
    const app = appOf()
    app.get('/', () => guard.call(async () => (await fetch(`${url}/held`)).text()))
    await using t = await testApp(app)
    const running = [t.get('/'), t.get('/')].map((request) => request.then((response) => response.status))
    await expect.poll(() => held.length).toBe(1)
    expect(guard.waiting).toBe(1)
    const refused = await t.get('/').expect(503).expectHeader('retry-after', '1')
    expect(refused.body).toMatchObject({ code: 'TUTTI_BULKHEAD_FULL' })
    held.shift()?.()
    await expect.poll(() => held.length).toBe(1)
    held.shift()?.()
    expect(await Promise.all(running)).toEqual([200, 200])
  })

  it('log refusals as warnings, not as errors with a stack', async () => {
    const lines: string[] = []
    const app = new App({ name: 't', docs: false, log: { level: 'warn', destination: { write: (line: string) => void lines.push(line) } } })
    const full = bulkhead({ name: 'stock', concurrency: 1 })
    void full.call(() => new Promise(() => {}))
    app.get('/', () => full.call(() => 'x'))
    await using t = await testApp(app)
    await t.get('/').expect(503)
    await expect.poll(() => lines.length).toBe(1)
    expect(lines[0]).toContain('TUTTI_BULKHEAD_FULL')
    expect(lines[0]).not.toContain('stack')
  })
})
