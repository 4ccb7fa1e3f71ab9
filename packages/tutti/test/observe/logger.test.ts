import { afterEach, describe, expect, it, vi } from 'vitest'
import { runInContext, TuttiError, type Context } from '../../src/kernel/index.ts'
import { createLogger, silentLogger } from '../../src/observe/index.ts'
import { capturing } from './lines.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const context: Context = {
  correlationId: 'c-1',
  causationId: undefined,
  trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 },
  tenant: 'acme',
  actor: { id: 'u-7', claims: { email: 'a@b.c' } },
  deadline: undefined,
  signal: new AbortController().signal,
}

describe('a line', () => {
  it('is one JSON object with level, ISO time, message and fields', () => {
    const { log, lines, last } = capturing({ base: { service: 'shop' } })
    log.info('100 %s done', { count: 3, nested: { a: [1, null, 'x'] } })
    expect(lines[0]).toMatch(/^\{.*\}\n$/)
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      message: '100 %s done',
      service: 'shop',
      count: 3,
      nested: { a: [1, null, 'x'] },
    })
  })

  it.each(['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)('carries the level %s as text', (level) => {
    const { log, last } = capturing()
    log[level]('x')
    expect(last()['level']).toBe(level)
  })

  it('carries the ids of the context, and of the actor the id alone', () => {
    const { log, last } = capturing()
    runInContext(context, () => log.info('x'), undefined)
    expect(last()).toMatchObject({
      correlationId: 'c-1',
      traceId: context.trace?.traceId,
      spanId: context.trace?.spanId,
      tenant: 'acme',
      actor: 'u-7',
    })
    log.info('outside')
    expect(Object.keys(last()).sort()).toEqual(['level', 'message', 'time'])
  })

  it('lets the call win over the child, the child over the context, each name once', () => {
    const { log, lines, last } = capturing()
    const child = log.child({ tenant: 'child', a: 1 }).child({ b: 2 })
    runInContext(context, () => child.info('x', { b: 3 }), undefined)
    expect(last()).toMatchObject({ tenant: 'child', a: 1, b: 3 })
    expect(lines[0]?.match(/"b":/g)).toHaveLength(1)
  })

  it('cannot be forged by fields or control characters', () => {
    const { log, lines, last } = capturing()
    log.info('a\nb\u001b[2J\u009b\u2028\u202e', { level: 'fatal', time: 'never', message: 'forged', 'k\n': 'v\r\n' })
    expect(lines).toHaveLength(1)
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/)
    expect(last()).toMatchObject({
      level: 'info',
      message: 'a\nb\u001b[2J\u009b\u2028\u202e',
      level_: 'fatal',
      time_: 'never',
      message_: 'forged',
      'k\n': 'v\r\n',
    })
  })

  it('keeps fields whose names mean something to objects, to pino or to nobody', () => {
    const { log, last } = capturing()
    const fields = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":"c","toString":2,"err":"e","method":"GET","headers":{"a":"1"},"socket":{"x":1}}',
    )
    log.info('x', fields)
    expect(last()).toMatchObject({ constructor: 'c', toString: 2, err: 'e', method: 'GET', headers: { a: '1' }, socket: { x: 1 } })
    expect(Object.getOwnPropertyDescriptor(last(), '__proto__')?.value).toEqual({ polluted: 1 })
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})

describe('errors', () => {
  it('carry name, code, message, stack, details and all causes', () => {
    const { log, last } = capturing()
    const cause = new TypeError('inner', { cause: 'a text' })
    log.error('x', { error: new TuttiError('TUTTI_TIMEOUT', 'outer', { cause, details: { after: 5, token: 't' } }) })
    expect(last()['error']).toEqual({
      name: 'TuttiError',
      code: 'TUTTI_TIMEOUT',
      message: 'outer',
      stack: expect.stringContaining('logger.test.ts'),
      details: { after: 5, token: '[redacted]' },
      cause: { name: 'TypeError', message: 'inner', stack: expect.stringContaining('inner'), cause: 'a text' },
    })
  })

  it('carry the errors of an AggregateError, and end a circle of causes', () => {
    const { log, last } = capturing()
    const error = new AggregateError([new Error('one'), 'two'], 'all')
    error.cause = error
    log.error('x', { failure: error })
    expect(last()['failure']).toMatchObject({ message: 'all', errors: [{ message: 'one' }, 'two'], cause: '[circular]' })
  })

  it('leave out what libraries hang on them', () => {
    const { log, last } = capturing()
    log.error('x', { error: Object.assign(new Error('x'), { config: { url: 'u' }, code: 'ECONNREFUSED' }) })
    expect(Object.keys(Object(last()['error'])).sort()).toEqual(['code', 'message', 'name', 'stack'])
  })
})

describe('the level', () => {
  it('hides what is less grave, and can change', () => {
    const { log, lines } = capturing({ level: 'warn' })
    log.info('no')
    log.warn('yes')
    expect([lines.length, log.level, log.isEnabled('info'), log.isEnabled('error')]).toEqual([1, 'warn', false, true])
    log.setLevel('debug')
    log.debug('yes')
    log.trace('no')
    expect(lines).toHaveLength(2)
    log.setLevel('silent')
    log.fatal('no')
    expect(lines).toHaveLength(2)
  })

  it('of a child follows the parent until it has its own', () => {
    const { log } = capturing({ level: 'info' })
    const child = log.child({})
    log.setLevel('debug')
    expect(child.level).toBe('debug')
    child.setLevel('error')
    log.setLevel('trace')
    expect([log.level, child.level]).toEqual(['trace', 'error'])
  })

  it('comes from the option, else from LOG_LEVEL in any case, else is info', () => {
    vi.stubEnv('LOG_LEVEL', undefined)
    expect(createLogger().level).toBe('info')
    vi.stubEnv('LOG_LEVEL', ' WARN ')
    expect(createLogger().level).toBe('warn')
    expect(createLogger({ level: 'trace' }).level).toBe('trace')
  })

  it('must be one of the known ones', () => {
    vi.stubEnv('LOG_LEVEL', 'loud')
    const wanted = 'Received "loud" as the log level in LOG_LEVEL; wanted one of trace, debug, info, warn, error, fatal, silent.'
    expect(() => createLogger()).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID', message: wanted }))
    const level: string = 'toString'
    // @ts-expect-error not a level
    expect(() => createLogger({ level: 'info' }).setLevel(level)).toThrow('Received "toString" as the log level; wanted one of')
  })
})

describe('a logger never throws', () => {
  const throwing = {
    get bad(): string {
      throw new Error('no')
    },
    big: 10n,
    symbol: Symbol('s'),
    call: () => 1,
    nan: Number.NaN,
    date: new Date(Number.NaN),
    json: {
      toJSON(): never {
        throw new Error('no')
      },
    },
    proxy: new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no')
        },
      },
    ),
  }

  it('whatever the fields are', () => {
    const { log, last } = capturing()
    const fields: Record<string, unknown> = { nested: throwing, ...Object.getOwnPropertyDescriptors({}) }
    fields['self'] = fields
    log.info('x', fields)
    expect(last()).toMatchObject({
      nested: {
        bad: '[unreadable]',
        big: '10',
        symbol: 'Symbol(s)',
        call: '[function]',
        nan: 'NaN',
        date: 'Invalid Date',
        json: '[unreadable]',
        proxy: '[unreadable]',
      },
      self: '[circular]',
    })
    log.info('x', throwing)
    expect(last()).toMatchObject({ bad: '[unreadable]', big: '10' })
  })

  it('and bounds what a line holds', () => {
    const { log, lines, last } = capturing()
    let wide: unknown = 'leaf'
    for (let depth = 0; depth < 30; depth++) wide = Array.from({ length: 200 }, () => wide)
    log.info('x', { wide, long: 'x'.repeat(100_000), bytes: Buffer.alloc(5), many: Array.from({ length: 150 }, () => 0) })
    expect(lines[0]?.length).toBeLessThan(200_000)
    expect(last()).toMatchObject({ long: expect.stringMatching(/^x{16384}… \[83616 more characters\]$/), bytes: '[5 bytes]' })
  })

  it('and warns once when the destination fails', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    const log = createLogger({
      destination: {
        write: () => {
          throw new Error('disk full')
        },
        flush: () => Promise.reject(new Error('gone')),
      },
    })
    log.info('x')
    log.info('y')
    await log.flush()
    await expect.poll(() => warnings.map((warning) => warning.message)).toEqual([expect.stringContaining('disk full')])
    process.off('warning', listen)
  })
})

describe('flush', () => {
  it('waits for the destination', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { log } = capturing({ destination: { write: () => undefined, flush: () => promise } })
    log.info('x')
    let done = false
    const flushed = log.flush().then(() => (done = true))
    await Promise.resolve()
    expect(done).toBe(false)
    resolve()
    await flushed
    expect(done).toBe(true)
  })
})

describe('silentLogger', () => {
  it('is silent at every level and for every child', async () => {
    silentLogger.setLevel('trace')
    silentLogger.child({ a: 1 }).fatal('x')
    expect([silentLogger.level, silentLogger.isEnabled('fatal')]).toEqual(['silent', false])
    await expect(silentLogger.flush()).resolves.toBeUndefined()
  })
})
