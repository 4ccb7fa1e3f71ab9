import { afterEach, describe, expect, it, vi } from 'vitest'
import { App, router } from '../../../src/index.ts'
import type { AppOptions } from '../../../src/index.ts'
import { documentOf } from './valid-document.ts'

let running: App | undefined

afterEach(async () => {
  vi.unstubAllEnvs()
  await running?.stop()
  running = undefined
})

async function listen(options: AppOptions = {}, declare = (app: App): App => app): Promise<string> {
  running = declare(new App({ name: 't', log: { level: 'silent' }, ...options }))
  return (await running.listen(0)).url
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  png: 'image/png',
  html: 'text/html; charset=utf-8',
  json: 'application/json',
}

describe('the page', () => {
  it.each(['/docs', '/internal/api/reference'])('at %s refers to nothing outside, and every file of it is there', async (path) => {
    const base = await listen({ docs: { path, json: '/api/openapi.json' } })
    const page = await fetch(base + path)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await page.text()
    const urls = [...html.matchAll(/\b(?:src|href|data-[a-z]+)="([^"]*)"/g)].map(([, url = '']) => new URL(url, base + path))
    expect(urls.map((url) => url.pathname.split('/').at(-1))).toEqual(
      expect.arrayContaining(['swagger-ui.css', 'swagger-ui-bundle.js', 'docs.js', 'docs.css', 'openapi.json']),
    )
    for (const url of urls) {
      expect(url.origin).toBe(base)
      const answer = await fetch(url)
      expect(answer.status, url.href).toBe(200)
      expect(answer.headers.get('content-type'), url.href).toBe(types[url.pathname.split('.').at(-1) ?? ''])
      expect((await answer.bytes()).length).toBeGreaterThan(0)
    }
    const redirect = await (await fetch(`${base}${path}/oauth2-redirect.html`)).text()
    const script = /<script src="([^"]+)"/.exec(redirect)?.[1] ?? ''
    expect((await fetch(new URL(script, `${base}${path}/oauth2-redirect.html`))).status).toBe(200)
  })

  it('has a policy that allows its own files alone, and holds nothing that the policy would block', async () => {
    const base = await listen()
    const page = await fetch(`${base}/docs`)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).toContain("connect-src 'self';")
    expect(policy).not.toMatch(/unsafe|\*/)
    for (const html of [await page.text(), await (await fetch(`${base}/docs/oauth2-redirect.html`)).text()]) {
      expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=/i)
    }
  })

  it('lets its reader send requests to the servers and token endpoints of the document', async () => {
    const base = await listen({
      docs: {
        servers: [
          { url: 'https://api.example.com/v1' },
          { url: '/relative' },
          { url: 'https://{tenant}.example.com', variables: { tenant: { default: 'a', enum: ['a', 'b'] } } },
        ],
        securitySchemes: {
          login: {
            type: 'oauth2',
            flows: {
              authorizationCode: { authorizationUrl: 'https://id.example.com/auth', tokenUrl: 'https://id.example.com/token', scopes: {} },
            },
          },
        },
      },
    })
    const policy = (await fetch(`${base}/docs`)).headers.get('content-security-policy')
    expect(policy).toContain(
      "connect-src 'self' https://api.example.com https://a.example.com https://b.example.com https://id.example.com;",
    )
  })

  it('is found behind a slash as well, and escapes its title', async () => {
    const base = await listen({ docs: { info: { title: '<script>alert(1)</script> & "co"' } } })
    const response = await fetch(`${base}/docs/`)
    expect(response.url).toBe(`${base}/docs`)
    const html = await response.text()
    expect(html).not.toContain('<script>alert')
    expect(html).toContain('&#60;script&#62;alert(1)')
  })

  it('answers 304 to who has a file already, and HEAD without a body', async () => {
    const base = await listen()
    for (const path of ['/docs/swagger-ui.css', '/docs/docs.js', '/openapi.json']) {
      const first = await fetch(base + path)
      const etag = first.headers.get('etag') ?? ''
      expect(etag).toMatch(/^"[\w-]{20,}"$/)
      expect(first.headers.get('cache-control')).toBeTruthy()
      await first.bytes()
      expect((await fetch(base + path, { headers: { 'if-none-match': etag } })).status).toBe(304)
    }
    expect((await fetch(`${base}/docs`, { method: 'HEAD' })).status).toBe(200)
  })

  it.each(['/docs/package.json', '/docs/swagger-ui-bundle.js.map', '/docs/..%2Fpackage.json', '/docs/%2e%2e/%2e%2e/package.json'])(
    'does not serve %s',
    async (path) => {
      const base = await listen()
      expect((await fetch(base + path)).status).toBe(404)
    },
  )
})

describe('where and when the description is served', () => {
  it('is everywhere but in production, unless the app says otherwise', async () => {
    const answers = async (options: AppOptions): Promise<readonly number[]> => {
      const app = new App({ name: 't', log: { level: 'silent' }, ...options })
      return Promise.all(['/docs', '/openapi.json'].map(async (path) => (await app.fetch(new Request(`http://localhost${path}`))).status))
    }
    expect(await answers({})).toEqual([200, 200])
    expect(await answers({ docs: false })).toEqual([404, 404])
    expect(await answers({ docs: { path: false } })).toEqual([404, 200])
    vi.stubEnv('NODE_ENV', 'production')
    expect(await answers({})).toEqual([404, 404])
    expect(await answers({ docs: true })).toEqual([200, 200])
    expect(await answers({ docs: { info: { version: '1' } } })).toEqual([200, 200])
  })

  it('goes through middleware like any route, and is no route that the app declared', async () => {
    const base = await listen({}, (app) =>
      app.use(async (ctx, next) => {
        const response = await next()
        response.headers.set('x-path', ctx.path)
        return response
      }),
    )
    expect((await fetch(`${base}/docs`)).headers.get('x-path')).toBe('/docs')
    expect(running?.routes()).toEqual([])
  })

  it('gives way to routes of the app', async () => {
    const base = await listen({}, (app) =>
      app
        .get('/docs', () => 'mine')
        .all('/openapi.json', () => 'mine too')
        .use(router('/docs').get('/:page', ({ params }) => params.page)),
    )
    expect(await (await fetch(`${base}/docs`)).text()).toBe('mine')
    expect(await (await fetch(`${base}/openapi.json`)).text()).toBe('mine too')
    expect(await (await fetch(`${base}/docs/docs.js`)).text()).toBe('docs.js')
  })

  it('is adjusted by plugins, one after the other', async () => {
    const app = new App({ name: 't', log: { level: 'silent' } })
      .use({ name: 'first', setup: (it) => void it.openapi((document) => ({ ...document, 'x-order': ['first'] })) })
      .openapi(async (document) => ({
        ...document,
        'x-order': [...(Array.isArray(document['x-order']) ? document['x-order'] : []), 'second'],
      }))
    // Plugins are set up at the start, after what the app itself declares.
    expect(await documentOf(app)).toMatchObject({ info: { title: 't', version: '0.0.0' }, 'x-order': ['first'] })
  })

  it('is made once, and tried again where that failed', async () => {
    let calls = 0
    const app = new App({ name: 't', log: { level: 'silent' } }).openapi((document) => {
      calls++
      if (calls === 1) throw new Error('not yet')
      return document
    })
    expect((await app.fetch(new Request('http://localhost/openapi.json'))).status).toBe(500)
    await documentOf(app)
    await documentOf(app)
    expect(calls).toBe(2)
  })

  it.each([
    [{ path: 'docs' }, 'docs.path received "docs"'],
    [{ path: '/docs/' }, 'docs.path received "/docs/"'],
    [{ json: '/:x' }, 'docs.json received "/:x"'],
    [{ json: '/docs' }, 'both received "/docs"'],
    ['/docs', 'docs received "/docs"; wanted true, false or an object'],
    [{ title: 'x' }, 'docs received "title", which does not exist'],
  ])('refuses the options %j', (docs, message) => {
    const options: object = { docs }
    expect(() => new App(options)).toThrow(message)
  })
})
