import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { App } from '../../src/index.ts'
import { openConsole, type ConsoleClient } from './console-client.ts'

let folder: string
let console: ConsoleClient

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-console-'))
  await mkdir(join(folder, 'page/assets'), { recursive: true })
  await writeFile(join(folder, 'page/index.html'), '<!doctype html><html><head><title>The page</title></head></html>')
  await writeFile(join(folder, 'page/favicon.svg'), '<svg/>')
  await writeFile(join(folder, 'page/assets/app-1a2b.js'), 'export {}')
  await writeFile(join(folder, 'page/assets/app-1a2b.js.br'), 'packed')
  await writeFile(join(folder, 'secret.txt'), 'not for anyone')
  console = await openConsole(new App({ name: 'shown', log: { level: 'silent' }, console: { assets: join(folder, 'page') } }))
})

afterAll(async () => {
  await console[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('the page', () => {
  it.each(['', '/', '/index.html', '/events', '/runs/fulfil/o-1.2'])('is at %j', async (path) => {
    const response = await console.get(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    expect(response.headers.get('cache-control')).toBe('no-cache')
    const html = await response.text()
    expect(html).toContain('<title>The page</title>')
    expect(html).toContain('<base href="/console/" />')
  })

  it('its hashed files are kept for ever, packed where the browser takes that', async () => {
    const plain = await console.raw('GET', '/assets/app-1a2b.js', {})
    expect(plain.headers).toMatchObject({ 'cache-control': expect.stringContaining('immutable') as string, 'content-type': /javascript/ })
    expect(plain.body).toBe('export {}')
    const packed = await console.raw('GET', '/assets/app-1a2b.js', { 'accept-encoding': 'br' })
    expect(packed.headers['content-encoding']).toBe('br')
    expect(packed.headers['content-security-policy']).toBeDefined()
  })

  it('other files are asked for each time', async () => {
    const { headers, status } = await console.raw('GET', '/favicon.svg', {})
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-cache')
  })

  it.each(['/assets/no-such.js', '/assets/../../secret.txt', '/assets/%2e%2e/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt'])(
    '%s is not there',
    async (path) => {
      const { status, body } = await console.raw('GET', path, {})
      expect([400, 404]).toContain(status)
      expect(body).not.toContain('not for anyone')
    },
  )

  it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/%5c..%5csecret.txt'])(
    'nothing outside of it is sent for %s',
    async (path) => {
      const { body } = await console.raw('GET', path, {})
      expect(body).not.toContain('not for anyone')
    },
  )

  it('is not what answers below its API', async () => {
    const response = await console.get('/api/no-such-thing')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'TUTTI_ROUTE_NOT_FOUND' })
  })
})

it('a page that was not built says so', async () => {
  const app = new App({ name: 'shown', log: { level: 'silent' }, console: { assets: join(folder, 'nowhere') } })
  await using unbuilt = await openConsole(app)
  const response = await unbuilt.get('')
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('has not been built')
})
