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

describe('secrets within texts', () => {
  it.each([
    ['postgres://shop:s3cr3t@db:5432/shop', 'postgres://[redacted]@db:5432/shop'],
    ['mysql://u:s3cr3t@s3cr3t@db/x', 'mysql://[redacted]@db/x'],
    ['got {"user": "u", "apiKey": "s3cr3t\\"s3cr3t"}', 'got {"user": "u", "apiKey": "[redacted]"}'],
    ['failed: https://s3cr3t@host/x, again', 'failed: https://[redacted]@host/x, again'],
    ['/callback?code=1&access_token=s3cr3t&x=y', '/callback?code=1&access_token=[redacted]&x=y'],
    ['jdbc:x;password=s3cr3t;user=u', 'jdbc:x;password=[redacted];user=u'],
    ['authorization: Bearer s3cr3t.s3cr3t', 'authorization: Bearer [redacted]'],
  ])('are hidden: %s', (text, hidden) => {
    const { log, lines, last } = capturing()
    log.info(text, { url: text, list: [text], error: new Error(text) })
    expect(lines[0]).not.toContain('s3cr3t')
    expect(last()).toMatchObject({ message: hidden, url: hidden, list: [hidden], error: { message: hidden } })
  })

  it.each([
    'https://host/a@b?page=2#x',
    'a basic question',
    'x=1&y=2',
    'mail@example.org',
    '/?tokens',
    'https://[::1]:80/@me',
    '{"name":"x","tokens_used":"3"}',
  ])('are not seen where there are none: %s', (text) => {
    const { log, last } = capturing()
    log.info(text, { text })
    expect(last()).toMatchObject({ message: text, text })
  })
})
