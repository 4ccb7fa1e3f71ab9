import { describe, expect, it } from 'vitest'
import { capturing } from './lines.ts'

const secret = 's3cr3t'

describe('secrets', () => {
  it.each([
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'Set-Cookie',
    'cookies',
    'password',
    'dbPassword',
    'PASSWORD',
    'passwd',
    'pwd',
    'secret',
    'client_secret',
    'token',
    'accessToken',
    'refresh-token',
    'apiKey',
    'X-API-Key',
    'api_key',
    'privateKey',
    'credentials',
    'sessionId',
    'jwt',
    'pin',
  ])('are hidden under %s, at the top, deep down and in children', (name) => {
    const { log, lines } = capturing()
    log.child({ [name]: secret }).info('x', { [name]: secret, a: { b: [{ [name]: secret }] }, c: { [name]: { value: secret } } })
    expect(lines[0]).toContain('[redacted]')
    expect(lines[0]).not.toContain(secret)
  })

  it('are hidden in maps, headers, pairs, raw headers and errors', () => {
    const { log, lines } = capturing()
    log.info('x', {
      map: new Map([['password', secret]]),
      headers: new Headers({ authorization: secret }),
      search: new URLSearchParams({ token: secret }),
      pairs: [['cookie', secret]],
      rawHeaders: ['Host', 'x', 'Cookie', secret],
      json: { toJSON: () => ({ password: secret }) },
      error: new Error('x', { cause: { apiKey: secret } }),
    })
    expect(lines[0]).not.toContain(secret)
    expect(lines[0]?.match(/\[redacted\]/g)).toHaveLength(7)
  })

  it('can have further names', () => {
    const { log, last } = capturing({ redact: ['tax-number'] })
    log.info('x', { taxNumber: 1, TAX_NUMBER: 2, tax: 3 })
    expect(last()).toMatchObject({ taxNumber: '[redacted]', TAX_NUMBER: '[redacted]', tax: 3 })
  })

  it('are not seen in harmless names, nor in whether there is one', () => {
    const { log, last } = capturing()
    const fields = { author: 'a', tokenize: 'b', keyboard: 'c', hasPassword: true, password: null, pinned: 'd', key: 'e' }
    log.info('x', fields)
    expect(last()).toMatchObject(fields)
  })
})
