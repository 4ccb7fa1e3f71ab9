import { cspNonce, nonce, reply, securityHeaders } from 'tutti'
import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'

type Options = Parameters<typeof securityHeaders>[0]

async function headersOf(options: Options, url = 'https://localhost/'): Promise<Headers> {
  const app = appOf().use(securityHeaders(options))
  app.get('/', () => 'ok')
  await using t = await testApp(app)
  return (await t.fetch(new Request(url))).headers
}

describe('securityHeaders', () => {
  it('sets careful defaults on everything, errors included', async () => {
    await using t = await testApp(
      appOf()
        .use(securityHeaders())
        .get('/', () => 'ok'),
    )
    for (const path of ['/', '/none']) {
      const { headers } = await t.get(path)
      expect(
        Object.fromEntries([...headers].filter(([name]) => !name.startsWith('content-') || name.startsWith('content-security'))),
      ).toMatchObject({
        'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'origin-agent-cluster': '?1',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-dns-prefetch-control': 'off',
        'x-frame-options': 'DENY',
        'x-permitted-cross-domain-policies': 'none',
        'x-xss-protection': '0',
      })
      expect(headers.get('cross-origin-embedder-policy')).toBeNull()
      expect(headers.get('permissions-policy')).toBeNull()
    }
  })

  it('sends HSTS on https alone', async () => {
    expect((await headersOf({}, 'http://localhost/')).get('strict-transport-security')).toBeNull()
    expect((await headersOf({})).get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
    expect((await headersOf({ hsts: { maxAge: '730d', preload: true } })).get('strict-transport-security')).toBe(
      'max-age=63072000; includeSubDomains; preload',
    )
    expect((await headersOf({ hsts: { maxAge: '1d', includeSubDomains: false } })).get('strict-transport-security')).toBe('max-age=86400')
    expect((await headersOf({ hsts: false })).get('strict-transport-security')).toBeNull()
  })

  it('sends what it is told, and leaves out what is false', async () => {
    const told = await headersOf({
      frameOptions: 'SAMEORIGIN',
      referrerPolicy: ['no-referrer', 'strict-origin'],
      openerPolicy: 'same-origin-allow-popups',
      resourcePolicy: 'cross-origin',
      embedderPolicy: 'require-corp',
      permissions: { camera: [], displayCapture: ['self', 'https://meet.example'], fullscreen: ['*'] },
    })
    expect(told.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(told.get('referrer-policy')).toBe('no-referrer, strict-origin')
    expect(told.get('cross-origin-opener-policy')).toBe('same-origin-allow-popups')
    expect(told.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(told.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(told.get('permissions-policy')).toBe('camera=(), display-capture=(self "https://meet.example"), fullscreen=*')
    const off = await headersOf({ csp: false, frameOptions: false, referrerPolicy: false, openerPolicy: false, resourcePolicy: false })
    for (const name of [
      'content-security-policy',
      'x-frame-options',
      'referrer-policy',
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
    ])
      expect(off.get(name)).toBeNull()
  })

  it('gives way to headers of the handler', async () => {
    const app = appOf().use(securityHeaders())
    app.get('/', () => reply(200, 'x', { 'x-frame-options': 'SAMEORIGIN', 'content-security-policy': "default-src 'self'" }))
    await using t = await testApp(app)
    await t.get('/').expectHeader('x-frame-options', 'SAMEORIGIN').expectHeader('content-security-policy', "default-src 'self'")
  })
})

describe('securityHeaders: content security policy', () => {
  it('is built from directives', async () => {
    const headers = await headersOf({
      csp: {
        defaultSrc: ["'self'"],
        'img-src': ['*', 'data:'],
        upgradeInsecureRequests: true,
        blockAllMixedContent: false,
        sandbox: ['allow-scripts'],
        reportTo: ['csp'],
      },
      cspReportOnly: true,
    })
    expect(headers.get('content-security-policy')).toBeNull()
    expect(headers.get('content-security-policy-report-only')).toBe(
      "default-src 'self'; img-src * data:; upgrade-insecure-requests; sandbox allow-scripts; report-to csp",
    )
  })

  it('has a fresh nonce in each response, the same wherever it is asked for', async () => {
    const app = appOf().use(securityHeaders({ csp: { scriptSrc: [nonce, "'strict-dynamic'"], styleSrc: [nonce] } }))
    app.get('/', (ctx) => cspNonce(ctx as never))
    await using t = await testApp(app)
    const [first, second] = [await t.get('/'), await t.get('/')]
    expect(first.text).toMatch(/^[A-Za-z\d+/]{22}==$/)
    expect(first.headers.get('content-security-policy')).toBe(
      `script-src 'nonce-${first.text}' 'strict-dynamic'; style-src 'nonce-${first.text}'`,
    )
    expect(second.text).not.toBe(first.text)
  })
})

it.each([
  [{ csp: { 'script src': ["'self'"] } }],
  [{ csp: { scriptSrc: ['self'] } }],
  [{ csp: { scriptSrc: ['nonce-abc'] } }],
  [{ csp: { scriptSrc: ["'none'", "'self'"] } }],
  [{ csp: { scriptSrc: ["'self'; img-src *"] } }],
  [{ csp: { scriptSrc: ['https://ä.example'] } }],
  [{ hsts: { preload: true, maxAge: '180d' } }],
  [{ hsts: { preload: true, includeSubDomains: false } }],
  [{ frameOptions: 'ALLOW' }],
  [{ referrerPolicy: 'no-referer' }],
  [{ referrerPolicy: [] }],
  [{ permissions: { camera: ['https://a.example "x"'] } }],
  [{ permissions: { 'camera=()': [] } }],
  [{ frameoptions: 'DENY' }],
])('securityHeaders refuses %j', (options) => {
  expect(() => securityHeaders(options as never)).toThrow(/securityHeaders received/)
})
