import { Readable } from 'node:stream'
import { etag, reply } from 'tutti'
import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'

describe('etag', () => {
  it('tags bodies by their bytes, and answers 304 without what describes a body', async () => {
    let body = 'one'
    const app = appOf().use(etag())
    app.get('/', () => reply(200, body, { 'cache-control': 'max-age=5', 'content-language': 'en' }))
    await using t = await testApp(app)
    const first = await t.get('/')
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^"[\w-]{27}"$/)
    for (const held of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const same = await t.get('/', { headers: { 'if-none-match': held } }).expect(304)
      expect(same.text).toBe('')
      expect(same.headers.get('etag')).toBe(tag)
      expect(same.headers.get('cache-control')).toBe('max-age=5')
      for (const name of ['content-type', 'content-length', 'content-language']) expect(same.headers.get(name)).toBeNull()
    }
    body = 'two'
    const changed = await t.get('/', { headers: { 'if-none-match': tag } }).expect(200)
    expect(changed.headers.get('etag')).not.toBe(tag)
  })

  it('answers HEAD with the same tag, and 304 over a real socket', async () => {
    const app = appOf().use(etag())
    app.get('/', () => ({ a: 1 }))
    const { url } = await app.listen(0)
    const tag = (await fetch(url)).headers.get('etag') ?? ''
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('etag')).toBe(tag)
    expect((await fetch(url, { method: 'HEAD', headers: { 'if-none-match': tag } })).status).toBe(304)
    expect((await fetch(url, { headers: { 'if-none-match': tag } })).status).toBe(304)
    await app.stop()
  })

  it('makes weak tags where it is told', async () => {
    await using t = await testApp(
      appOf()
        .use(etag({ weak: true }))
        .get('/', () => 'x'),
    )
    await t.get('/').expectHeader('etag', /^W\/"/)
  })

  it('uses the tag or date of the handler, and closes a stream that is not sent', async () => {
    const streams: Readable[] = []
    const app = appOf().use(etag())
    const answer = (headers: Record<string, string>) => () => {
      const stream = Readable.from(['x'])
      streams.push(stream)
      return reply(200, stream, headers)
    }
    app.get('/tag', answer({ etag: '"v1"' }))
    app.get('/date', answer({ 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }))
    await using t = await testApp(app)
    await t.get('/tag', { headers: { 'if-none-match': '"v1"' } }).expect(304)
    await t.get('/date', { headers: { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' } }).expect(304)
    expect(streams.map((stream) => stream.destroyed)).toEqual([true, true])
    await t.get('/date', { headers: { 'if-modified-since': 'Wed, 31 Dec 2025 00:00:00 GMT' } }).expect(200)
  })

  it('leaves streams, other methods, other statuses and what may not be stored alone', async () => {
    const app = appOf().use(etag())
    app
      .get('/stream', () => Readable.from(['x']))
      .post('/post', () => 'x')
      .get('/created', () => reply(201, 'x'))
      .get('/secret', () => reply(200, 'x', { 'cache-control': 'no-store' }))
    await using t = await testApp(app)
    for (const response of [
      await t.get('/stream'),
      await t.post('/post'),
      await t.get('/created'),
      await t.get('/secret'),
      await t.get('/none'),
    ]) {
      expect(response.headers.get('etag')).toBeNull()
    }
    await t.post('/post', { headers: { 'if-none-match': '*' } }).expect(200)
  })

  it('refuses options that do not exist', () => {
    expect(() => etag({ strong: true } as never)).toThrow(/does not exist/)
  })
})
