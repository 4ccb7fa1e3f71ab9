import { afterEach, describe, expect, it, vi } from 'vitest'
import { App, type AppOptions } from '../../src/index.ts'
import { createMeter } from '../../src/observe/index.ts'
import { testApp } from '../../src/testing/index.ts'

const token = 'a-token-that-is-long-enough'

const create = (options: AppOptions = {}): App => new App({ name: 't', log: { level: 'silent' }, ...options })

createMeter('test').counter('test.things', { description: 'Things counted' }).add(3, { kind: 'a' })

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('/metrics', () => {
  it('shows what was counted and how the process is, outside of middleware', async () => {
    await using t = await testApp(
      create().use(() => {
        throw new Error('nobody gets through here')
      }),
    )
    const answer = await t.get('/metrics').expect(200).expectHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    expect(answer.text).toContain(
      '# HELP test_things_total Things counted\n# TYPE test_things_total counter\ntest_things_total{kind="a"} 3\n',
    )
    expect(answer.text).toMatch(/^process_resident_memory_bytes \d+$/m)
  })

  it('speaks OpenMetrics with whoever knows it', async () => {
    await using t = await testApp(create())
    const answer = await t
      .get('/metrics', { headers: { accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2' } })
      .expect(200)
      .expectHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(answer.text).toContain('# TYPE test_things counter\ntest_things_total{kind="a"} 3\n')
    expect(answer.text).toMatch(/# EOF\n$/)
  })

  it('is not part of the API', async () => {
    await using t = await testApp(create({ docs: true }).get('/own', () => 'x'))
    const { body } = await t.get('/openapi.json').expect(200)
    expect(Object.keys((body as { paths: object }).paths)).toEqual(['/own'])
  })

  it('gives way to a route of the application', async () => {
    await using t = await testApp(create().get('/metrics', () => 'mine'))
    await t.get('/metrics').expect(200, 'mine')
  })

  it('moves', async () => {
    await using t = await testApp(create({ telemetry: { metrics: { path: '/internal/prometheus' } } }))
    await t.get('/metrics').expect(404)
    await t.get('/internal/prometheus').expect(200)
  })

  it.each([{ telemetry: false }, { telemetry: { metrics: false } }])('is not there with %j', async (options) => {
    await using t = await testApp(create(options))
    await t.get('/metrics').expect(404)
  })

  it('is there in production only where somebody has said so', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    await using silent = await testApp(create())
    await silent.get('/metrics').expect(404)
    await using told = await testApp(create({ telemetry: { metrics: true } }))
    await told.get('/metrics').expect(200)
  })

  it('with a token is for those who have it', async () => {
    await using t = await testApp(create({ telemetry: { metrics: { token } } }))
    await t.get('/metrics').expect(401).expectHeader('www-authenticate', 'Bearer')
    for (const authorization of ['Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`])
      await t.get('/metrics', { headers: { authorization } }).expect(401)
    await t.get('/metrics', { headers: { authorization: `bearer ${token}` } }).expect(200)
  })

  it.each([
    [{ path: 'metrics' }, 'wanted a path such as "/metrics"'],
    [{ port: 70_000 }, 'wanted a whole number from 0 to 65535'],
    [{ host: '0.0.0.0' }, 'was given without a port'],
    [{ token: 'short' }, 'received a token of 5 characters; wanted at least 16'],
    [{ token: undefined }, 'received undefined; wanted at least 16'],
    [{ paht: '/x' }, 'received the option "paht", which does not exist'],
  ])('does not take %j', (metrics, message) => {
    // As a program without types could say it.
    const options = { telemetry: { metrics } } as AppOptions
    expect(() => new App(options)).toThrow(message)
  })
})

describe('metrics on a port of their own', () => {
  it('are not on that of the application', async () => {
    const lines: string[] = []
    const log = { level: 'info', destination: { write: (line: string) => lines.push(line) } } as const
    await using app = create({ log, telemetry: { metrics: { port: 0, token } } }).get('/', () => 'hello')
    const { url } = await app.listen(0)
    const metrics = /Metrics are at (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(lines.join(''))?.[1] ?? ''
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
    expect((await fetch(metrics)).status).toBe(401)
    const answer = await fetch(metrics, { headers: { authorization: `Bearer ${token}` } })
    expect(await answer.text()).toContain('test_things_total{kind="a"} 3\n')
    expect((await fetch(new URL('/', metrics))).status).toBe(404)
    await app.stop()
    await expect(fetch(metrics)).rejects.toThrow('fetch failed')
  })
})
