import { describe, expect, it } from 'vitest'
import { App, router } from '../../src/index.ts'

function app(): App {
  return new App({ name: 't', log: { level: 'silent' } })
}

async function text(application: App, path: string, init?: RequestInit): Promise<string> {
  return (await application.fetch(new Request(`http://localhost${path}`, init))).text()
}

async function status(application: App, path: string, init?: RequestInit): Promise<number> {
  return (await application.fetch(new Request(`http://localhost${path}`, init))).status
}

describe('routes', () => {
  it('answers every method that is declared', async () => {
    const application = app()
    for (const method of ['get', 'post', 'put', 'patch', 'delete', 'options'] as const) application[method]('/x', () => method)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      expect(await text(application, '/x', { method })).toBe(method.toLowerCase())
    }
  })

  it('lets a specific method win over all(), whatever the order', async () => {
    const application = app()
      .all('/x', () => 'all')
      .get('/x', () => 'get')
    expect(await text(application, '/x')).toBe('get')
    expect(await text(application, '/x', { method: 'PUT' })).toBe('all')
  })

  it('answers HEAD from GET, without a body', async () => {
    const application = app().get('/x', () => ({ a: 1 }))
    const response = await application.fetch(new Request('http://localhost/x', { method: 'HEAD' }))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('7')
    expect(await response.text()).toBe('')
  })

  it('answers 405 with Allow, and OPTIONS by itself', async () => {
    const application = app()
      .get('/x', () => 1)
      .delete('/x', () => 1)
    const refused = await application.fetch(new Request('http://localhost/x', { method: 'POST' }))
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')?.split(', ').toSorted()).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS'])
    const options = await application.fetch(new Request('http://localhost/x', { method: 'OPTIONS' }))
    expect(options.status).toBe(204)
    expect(options.headers.get('allow')).toContain('DELETE')
  })

  it('decodes parameters and wildcards, and answers 400 to invalid encodings', async () => {
    const application = app()
      .get('/u/:name', ({ params }) => params.name)
      .get('/f/*', ({ params }) => params['*'])
    expect(await text(application, '/u/a%20b%2Fc%C3%A9')).toBe('a b/cé')
    expect(await text(application, '/f/a/b%20c/d')).toBe('a/b c/d')
    expect(await status(application, '/u/%ff')).toBe(400)
    expect(await status(application, '/u/%')).toBe(400)
    expect(await status(application, '/nowhere/%zz')).toBe(400)
  })

  it('constrains parameters by patterns', async () => {
    const application = app()
      .get('/users/:id(\\d+)', ({ params }) => `id ${params.id}`)
      .get('/users/:name', ({ params }) => `name ${params.name}`)
      .get('/files/:base.:ext', ({ params }) => `${params.base} ${params.ext}`)
    expect(await text(application, '/users/12')).toBe('id 12')
    expect(await text(application, '/users/ada')).toBe('name ada')
    expect(await text(application, '/files/report.pdf')).toBe('report pdf')
  })

  it('nests routers with prefixes, parameters, tags and middleware', async () => {
    const seen: string[] = []
    const inner = router('/members', { tags: ['members'] }).get('/:id', ({ params }) => params)
    const outer = router('/teams/:team', {
      tags: ['teams'],
      use: [
        async function outer(_, next) {
          seen.push('outer')
          return next()
        },
      ],
    }).use(inner)
    const application = app().use(outer)
    expect(JSON.parse(await text(application, '/teams/red/members/7'))).toEqual({ team: 'red', id: '7' })
    expect(seen).toEqual(['outer'])
    expect(application.routes()).toMatchObject([{ method: 'GET', path: '/teams/:team/members/:id', tags: ['teams', 'members'] }])
  })

  it('picks the version by Accept-Version or the media type, the newest that fits', async () => {
    const application = app()
      .get('/v', { version: '1' }, () => 'one')
      .get('/v', { version: '2.1' }, () => 'two-one')
      .get('/v', { version: '2.3' }, () => 'two-three')
    const ask = (headers: Record<string, string>): Promise<string> => text(application, '/v', { headers })
    expect(await ask({ 'accept-version': '1' })).toBe('one')
    expect(await ask({ 'accept-version': '2' })).toBe('two-three')
    expect(await ask({ 'accept-version': '2.1' })).toBe('two-one')
    expect(await ask({ accept: 'application/vnd.shop.v1+json, */*' })).toBe('one')
    expect(await ask({ accept: 'application/json; version=2.1, */*' })).toBe('two-one')
    expect(await status(application, '/v', { headers: { 'accept-version': '9' } })).toBe(404)
  })

  it('picks by host and by constraints of its own', async () => {
    const application = new App({
      name: 't',
      log: { level: 'silent' },
      http: { constraints: { region: (source) => source.headers['x-region'] as string | undefined } },
    })
      .get('/', { constraints: { host: 'api.example.com' } }, () => 'api')
      .get('/', { constraints: { region: 'eu' } }, () => 'eu')
      .get('/', () => 'any')
    expect(await (await application.fetch(new Request('http://api.example.com/'))).text()).toBe('api')
    expect(await text(application, '/', { headers: { 'x-region': 'eu' } })).toBe('eu')
    expect(await text(application, '/', { headers: { 'x-region': 'us' } })).toBe('any')
  })

  it('takes nothing for no parameter: a segment that is empty is none', async () => {
    const application = app()
    application
      .delete('/users/:id', () => 'gone')
      .get('/users/:id/posts', () => 'posts')
      .get('/files/*', ({ params }) => `[${params['*']}]`)
    expect((await application.fetch(new Request('http://localhost/users/', { method: 'DELETE' }))).status).toBe(404)
    expect((await application.fetch(new Request('http://localhost/users//posts'))).status).toBe(404)
    expect(await text(application, '/files/')).toBe('[]')
  })

  it.each([
    ['twice', (a: App) => a.get('/x', () => 1).get('/x', () => 2), /GET \/x is declared twice/],
    ['twice with other parameter names', (a: App) => a.get('/x/:a', () => 1).get('/x/:b', () => 2), /declared twice/],
    ['an unsafe pattern', (a: App) => a.get('/x/:a((a+)+)', () => 1), /cannot be added/],
  ])('refuses to start with a route %s', async (_, declare, message) => {
    const application = app()
    declare(application)
    await expect(application.start()).rejects.toThrow(message)
  })

  it('refuses what cannot be a route at once', () => {
    expect(() => app().get('x' as '/x', () => 1)).toThrow(/begins with "\/"/)
    // @ts-expect-error the option does not exist
    expect(() => app().get('/x', { gard: 1 }, () => 1)).toThrow(/"gard" does not exist/)
    expect(() => app().get('/x', undefined as never)).toThrow(/wanted a function/)
  })
})
