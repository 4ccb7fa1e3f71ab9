import { describe, expect, it } from 'vitest'
import { App } from '../../src/index.ts'
import { hashPassword } from '../../src/app/console/password.ts'
import { openConsole } from './console-client.ts'

describe('in development', () => {
  it('the Console answers this machine', async () => {
    await using console = await openConsole()
    const response = await console.get('/api/app')
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ name: 'shown', readonly: false, environment: 'test', modules: [] })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/script-src 'self';.*frame-ancestors 'none'/) as string,
    })
  })

  it.each([
    ['another host, as DNS rebinding does it', { host: 'evil.example' }],
    ['a name that only begins like this machine', { host: 'localhost.evil.example' }],
    ['a proxy', { 'x-forwarded-for': '203.0.113.9' }],
    ['a page of another origin', { origin: 'https://evil.example' }],
    ['another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
  ])('it refuses %s', async (_, headers) => {
    await using console = await openConsole()
    const { status, body } = await console.raw('GET', '/api/app', headers)
    expect(status).toBe(403)
    expect(JSON.parse(body)).toMatchObject({ code: 'TUTTI_FORBIDDEN', detail: expect.any(String) as string })
  })

  it('it refuses whoever has no address of this machine', async () => {
    const app = new App({ name: 'shown', log: { level: 'silent' } })
    const response = await app.fetch(new Request('http://localhost/console/api/app'))
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ detail: expect.stringMatching(/another machine.*console: \{ users \}/) as string })
    await app.stop()
  })

  it('a link from elsewhere leads to its page', async () => {
    await using console = await openConsole()
    const { status } = await console.raw('GET', '/events', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })
    expect(status).toBe(200)
  })

  it('it is outside of the middleware of the application', async () => {
    const app = new App({ name: 'shown', log: { level: 'silent' } }).use(() => 'closed')
    await using console = await openConsole(app)
    expect((await console.get('/api/app')).status).toBe(200)
    expect(await (await fetch(`${console.url}/other`)).text()).toBe('closed')
  })

  it('it can be elsewhere, or nowhere', async () => {
    await using elsewhere = await openConsole(new App({ name: 'shown', log: { level: 'silent' }, console: { path: '/admin/look' } }))
    expect((await fetch(`${elsewhere.url}/admin/look/api/app`)).status).toBe(200)
    expect((await fetch(`${elsewhere.url}/console`)).status).toBe(404)
    await using nowhere = await openConsole(new App({ name: 'shown', log: { level: 'silent' }, console: false }))
    expect((await nowhere.get('')).status).toBe(404)
  })

  it('routes of the application are in its place unless it was asked for', async () => {
    await using console = await openConsole(new App({ name: 'shown', log: { level: 'silent' } }).get('/console', () => 'mine'))
    expect(await (await console.get('')).text()).toBe('mine')
    const both = new App({ name: 'shown', log: { level: 'silent' }, console: true }).get('/console/x', () => 'mine')
    await expect(both.start()).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
  })
})

describe('options', () => {
  it.each([
    [{ path: 'console' }, 'TUTTI_OPTION_INVALID'],
    [{ users: { ada: 'secret' } }, 'TUTTI_OPTION_INVALID'],
    [{ users: {} }, 'TUTTI_OPTION_INVALID'],
    [{ password: 'x' }, 'TUTTI_OPTION_UNKNOWN'],
  ])('%j is refused', (options, code) => {
    const make = (): App => new App({ console: options as object })
    expect(make).toThrow(expect.objectContaining({ code }) as Error)
    expect(make).not.toThrow(/secret/)
  })
})

describe('with users', () => {
  const authorization = (text: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

  it('who knows a password gets in from anywhere, and is the actor', async () => {
    const users = { ada: await hashPassword('correct horse') }
    await using console = await openConsole(new App({ name: 'shown', log: { level: 'silent' }, console: { users } }))
    const known = await console.raw('GET', '/api/app', { ...authorization('ada:correct horse'), host: 'shop.example' })
    expect(known.status).toBe(200)
    expect(JSON.parse(known.body)).toMatchObject({ actor: 'ada' })
    const again = await console.raw('GET', '/api/app', authorization('ada:correct horse'))
    expect(again.status).toBe(200)
    const page = await console.raw('GET', '', {})
    expect(page.status).toBe(401)
    expect(page.headers['www-authenticate']).toMatch(/^Basic /)
  })

  it('who guesses has to wait', async () => {
    const users = { ada: await hashPassword('correct horse') }
    await using console = await openConsole(new App({ name: 'shown', log: { level: 'silent' }, console: { users } }))
    for (const guess of ['ada:1', 'ada:2', 'bob:3', 'ada:', ':'])
      expect((await console.raw('GET', '/api/app', authorization(guess))).status).toBe(401)
    const late = await console.raw('GET', '/api/app', authorization('ada:correct horse'))
    expect(late.status).toBe(429)
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
  })
})

describe('with authenticate', () => {
  it('the application says who gets in', async () => {
    const app = new App({
      name: 'shown',
      log: { level: 'silent' },
      console: { authenticate: ({ headers }) => (headers.authorization === 'Bearer yes' ? { id: 'operator' } : undefined) },
    })
    await using console = await openConsole(app)
    expect((await console.raw('GET', '/api/app', {})).status).toBe(401)
    const known = await console.raw('GET', '/api/app', { authorization: 'Bearer yes' })
    expect(JSON.parse(known.body)).toMatchObject({ actor: 'operator' })
  })
})

describe('in production', () => {
  const inProduction = async (work: () => Promise<void>): Promise<void> => {
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      await work()
    } finally {
      process.env['NODE_ENV'] = before
    }
  }

  it('there is none by itself', () =>
    inProduction(async () => {
      await using console = await openConsole()
      expect((await console.get('')).status).toBe(404)
    }))

  it.each([[true], [{ readonly: true }]])('the start fails where it was asked for and open to all: %j', (options) =>
    inProduction(async () => {
      const app = new App({ name: 'shown', log: { level: 'silent' }, console: options })
      await expect(app.listen(0)).rejects.toMatchObject({ code: 'TUTTI_CONSOLE_UNPROTECTED' })
    }),
  )

  it('it is there for whom the options let in', () =>
    inProduction(async () => {
      const app = new App({ name: 'shown', log: { level: 'silent' }, console: { authenticate: () => ({ id: 'ada' }) } })
      await using console = await openConsole(app)
      expect((await console.get('/api/app')).status).toBe(200)
    }))
})
