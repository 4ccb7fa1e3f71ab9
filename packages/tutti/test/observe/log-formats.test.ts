import { afterEach, describe, expect, it, vi } from 'vitest'
import { runInContext, TuttiError, type Context } from '../../src/kernel/index.ts'
import { createLogger, type LogRecord } from '../../src/observe/index.ts'
import { capturing } from './lines.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const context: Context = {
  correlationId: 'c-1',
  causationId: undefined,
  trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 },
  tenant: 'acme',
  actor: { id: 'u-7', claims: {} },
  deadline: undefined,
  signal: new AbortController().signal,
}

describe('the format ecs', () => {
  it('gives fields the names of the Elastic Common Schema, and keeps all others out of their way', () => {
    const { log, lines, last } = capturing({ format: 'ecs', base: { app: 'shop' } })
    const request = { method: 'GET', path: '/orders', status: 200, durationMs: 1.5, ip: '10.0.0.1', requestId: 'r-1', route: '/orders' }
    runInContext(context, () => log.child({ component: 'orders' }).warn('GET /orders 200', { ...request, host: 'x' }), undefined)
    expect(lines[0]).toMatch(/^\{"@timestamp":"[^"]+Z","log\.level":"warn","message":"GET \/orders 200","ecs\.version":"8\.11\.0"/)
    expect(last()).toEqual({
      '@timestamp': expect.any(String),
      'log.level': 'warn',
      message: 'GET /orders 200',
      'ecs.version': '8.11.0',
      'service.name': 'shop',
      'log.logger': 'orders',
      'trace.id': context.trace?.traceId,
      'span.id': context.trace?.spanId,
      'organization.id': 'acme',
      'user.id': 'u-7',
      'http.request.id': 'r-1',
      'http.request.method': 'GET',
      'url.path': '/orders',
      'http.response.status_code': 200,
      'client.ip': '10.0.0.1',
      'event.duration': 1_500_000,
      fields: { correlationId: 'c-1', route: '/orders', host: 'x' },
    })
  })

  it('describes errors', () => {
    const { log, last } = capturing({ format: 'ecs' })
    const error = new TuttiError('TUTTI_TIMEOUT', 'too late', { cause: new Error('slow') })
    log.error('x', { error })
    const { 'error.details': details, ...line } = last()
    expect(line).toMatchObject({ 'error.code': 'TUTTI_TIMEOUT', 'error.message': 'too late', 'error.stack_trace': error.stack })
    expect(JSON.parse(String(details))).toMatchObject({ cause: { message: 'slow' } })
    log.error('y', { error: 'just a text', status: { odd: true }, __proto__: null, constructor: 1 })
    expect(last()).toMatchObject({ fields: { error: 'just a text', status: { odd: true }, constructor: 1 } })
  })

  it('cannot be forged', () => {
    const { log, lines, last } = capturing({ format: 'ecs' })
    log.info('a\nb\u2028', { '@timestamp': 'never', 'log.level': 'fatal' })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\n\u2028]/)
    expect(last()).toMatchObject({ 'log.level': 'info', fields: { '@timestamp': 'never', 'log.level': 'fatal' } })
  })
})

describe('the format', () => {
  it('is JSON where lines have a destination, whatever the environment says', () => {
    vi.stubEnv('LOG_FORMAT', 'ecs')
    const { log, last } = capturing()
    log.info('x')
    expect(last()).toHaveProperty('level', 'info')
  })

  it('is checked', () => {
    const wrong: string = 'xml'
    expect(() => createLogger({ format: wrong as 'json' })).toThrow('Received "xml" as the log format; wanted one of json, ecs, pretty')
    vi.stubEnv('LOG_FORMAT', 'XML')
    expect(() => createLogger()).toThrow('Received "xml" as LOG_FORMAT')
  })
})

describe('a tap', () => {
  it('hears every line that is written, secrets hidden, and nothing while it does not want to', () => {
    const heard: LogRecord[] = []
    const tap = { hears: false, log: (record: LogRecord) => void heard.push(record) }
    const lines: string[] = []
    const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) }, base: { app: 'shop' } }, tap)
    log.info('before')
    tap.hears = true
    log.debug('too little')
    runInContext(context, () => log.child({ component: 'c' }).warn('x', { password: 'p', n: 1 }), undefined)
    expect(lines).toHaveLength(2)
    expect(heard).toEqual([
      {
        time: expect.any(Number),
        level: 'warn',
        message: 'x',
        fields: {
          app: 'shop',
          component: 'c',
          n: 1,
          password: '[redacted]',
          correlationId: 'c-1',
          traceId: context.trace?.traceId,
          spanId: context.trace?.spanId,
          tenant: 'acme',
          actor: 'u-7',
        },
      },
    ])
  })
})
