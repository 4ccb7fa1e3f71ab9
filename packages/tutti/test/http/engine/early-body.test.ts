import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App } from '../../../src/index.ts'
import { stream, text } from '../../../src/http/index.ts'
import { RawConnection } from '../raw-connection.ts'

function app(): App {
  return new App({ name: 't', log: { level: 'silent' } })
    .post('/json', { body: z.object({ n: z.number() }) }, ({ body }) => ({ twice: body.n * 2 }))
    .post('/text', { body: text() }, ({ body }) => body)
    .post('/stream', { body: stream() }, ({ body }) => body)
    .post('/source', { guard: () => true, body: stream() }, async ({ source }) => {
      let all = ''
      for await (const chunk of source) all += String(chunk)
      return `read ${all}`
    })
    .post('/ignored', { body: stream() }, () => 'ignored')
    .post('/none', () => 'whatever')
}

function post(path: string, body: string, type = 'text/plain'): string {
  return `POST ${path} HTTP/1.1\r\nHost: t\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const last = 'GET /gone HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n'

describe('a body that comes with its head', () => {
  it.each([
    { path: '/json', body: '{"n":21}', type: 'application/json', answer: '{"twice":42}' },
    { path: '/text', body: 'hello', type: 'text/plain', answer: 'hello' },
    { path: '/stream', body: 'as a stream', type: 'text/plain', answer: 'as a stream' },
    { path: '/source', body: 'as it comes', type: 'text/plain', answer: 'read as it comes' },
    { path: '/ignored', body: 'nobody reads it', type: 'text/plain', answer: 'ignored' },
    { path: '/none', body: 'plain', type: 'text/plain', answer: 'whatever' },
  ])('reaches $path, and the connection goes on', async ({ path, body, type, answer }) => {
    await using application = app()
    const { url } = await application.listen(0)
    for (const cut of [0, 30, post(path, body, type).length - 2]) {
      await using connection = await RawConnection.open(url)
      const sent = post(path, body, type)
      if (cut > 0) {
        connection.send(sent.slice(0, cut))
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      connection.send(sent.slice(cut) + last)
      const got = await connection.untilClosed()
      // A streamed answer may come in several chunks.
      expect(got.replaceAll(/\r\n[\da-f]+\r\n/g, '')).toContain(answer)
      expect(got).toMatch(/^HTTP\/1\.1 200 /)
      expect(got).toContain('HTTP/1.1 404 ')
    }
  })

  it('is not mixed up with that of the next request in the same packet', async () => {
    await using application = app()
    const { url } = await application.listen(0)
    await using connection = await RawConnection.open(url)
    connection.send([1, 2, 3, 4].map((n) => post('/json', `{"n":${n}}`, 'application/json')).join('') + post('/text', 'five') + last)
    const got = await connection.untilClosed()
    expect(got.match(/\{"twice":\d\}|five|404 Not Found/g)).toEqual([
      '{"twice":2}',
      '{"twice":4}',
      '{"twice":6}',
      '{"twice":8}',
      'five',
      '404 Not Found',
    ])
  })

  it('is held against the limit, and may be larger than one packet', async () => {
    await using application = app().post('/tiny', { bodyLimit: '4b' }, ({ body }) => body)
    const { url } = await application.listen(0)
    expect((await fetch(`${url}/tiny`, { method: 'POST', body: 'large' })).status).toBe(413)
    for (const size of [1000, 16 * 1024, 16 * 1024 + 1, 200_000]) {
      const body = 'x'.repeat(size)
      expect((await (await fetch(`${url}/text`, { method: 'POST', body })).text()).length).toBe(size)
    }
  })
})
