import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { App } from '../../../src/index.ts'
import { exchange, RawSocket, statuses } from './raw-socket.ts'

let url = ''
let impatient = ''
let seen: string[] = []
const app = new App({
  name: 't',
  log: { level: 'silent' },
  http: { maxHeaderSize: '8kb', maxHeaders: 50 },
})
const other = new App({ name: 't', log: { level: 'silent' }, http: { headersTimeout: '1s', requestTimeout: '2s' } })
other.post('/', ({ body }) => ({ body }))
app.get('/', (ctx) => {
  seen.push(`GET / of ${ctx.host}`)
  return 'root'
})
app.post('/', ({ body }) => {
  seen.push('POST /')
  return { body }
})
app.get('/url', (ctx) => ({ host: ctx.host, url: ctx.url.href }))
app.get('/admin', () => {
  seen.push('GET /admin')
  return 'admin'
})

beforeAll(async () => {
  url = (await app.listen(0)).url
  impatient = (await other.listen(0)).url
})
afterAll(() => Promise.all([app.stop(), other.stop()]))

const host = 'Host: a.example\r\n'
const smuggled = 'GET /admin HTTP/1.1\r\nHost: a.example\r\n\r\n'

/** What must be answered with one 400 and nothing else, the connection closed behind it. */
const refused: Record<string, string> = {
  'Content-Length with Transfer-Encoding': `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  'Transfer-Encoding with Content-Length': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
  'two different Content-Lengths': `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 44\r\n\r\n${smuggled}`,
  'the same Content-Length twice': `POST / HTTP/1.1\r\n${host}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}${smuggled}`,
  'a list of Content-Lengths': `POST / HTTP/1.1\r\n${host}Content-Length: 2, 2\r\n\r\n{}${smuggled}`,
  'a negative Content-Length': `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
  'a Content-Length with a plus': `POST / HTTP/1.1\r\n${host}Content-Length: +2\r\n\r\n{}`,
  'a hexadecimal Content-Length': `POST / HTTP/1.1\r\n${host}Content-Length: 0x2\r\n\r\n{}`,
  'a Content-Length beyond all numbers': `POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999999\r\n\r\n`,
  'a folded header': `GET / HTTP/1.1\r\n${host}X-A: one\r\n two\r\n\r\n${smuggled}`,
  'a folded Transfer-Encoding': `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  'lines that end in a bare LF': `GET / HTTP/1.1\nHost: a.example\n\n${smuggled}`,
  'one header that ends in a bare LF': `GET / HTTP/1.1\r\n${host}X-A: one\nX-B: two\r\n\r\n`,
  'a bare CR in a header': `GET / HTTP/1.1\r\n${host}X-A: one\rX-B: two\r\n\r\n`,
  'a bare CR that ends the head': `GET / HTTP/1.1\r\n${host}\rX-A: one\r\n\r\n`,
  'a space before a colon': `POST / HTTP/1.1\r\n${host}Content-Length : 2\r\n\r\n{}`,
  'a space before the first header': `GET / HTTP/1.1\r\n ${host}\r\n`,
  'a NUL in a header value': `GET / HTTP/1.1\r\n${host}X-A: o\0ne\r\n\r\n`,
  'a NUL in a header name': `GET / HTTP/1.1\r\n${host}X\0A: one\r\n\r\n`,
  'a header without a colon': `GET / HTTP/1.1\r\n${host}X-A\r\n\r\n`,
  'a header without a name': `GET / HTTP/1.1\r\n${host}: one\r\n\r\n`,
  'a chunk size that is no number': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
  'a negative chunk size': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n`,
  'a chunk size with 0x': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`,
  'a chunk size that overflows': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n`,
  'a chunk that is longer than it says': `POST / HTTP/1.1\r\n${host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n`,
  'a chunk line that ends in a bare LF': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n`,
  'a bare LF in a chunk extension': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n2;\n{}\r\n0\r\n\r\n`,
  'a Transfer-Encoding that does not end in chunked': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n${smuggled}`,
  'an unknown Transfer-Encoding': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  'chunked twice': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`,
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'two Hosts': `GET / HTTP/1.1\r\n${host}Host: b.example\r\n\r\n`,
  'the same Host twice': `GET / HTTP/1.1\r\n${host}${host}\r\n`,
  'a target that is no path': `GET admin HTTP/1.1\r\n${host}\r\n`,
  'a target of another scheme': `GET ftp://a.example/ HTTP/1.1\r\n${host}\r\n`,
  'a target with user information': `GET http://user@a.example/ HTTP/1.1\r\n${host}\r\n`,
  'a star that is no OPTIONS': `GET * HTTP/1.1\r\n${host}\r\n`,
  'a space in the target': `GET /a b HTTP/1.1\r\n${host}\r\n`,
  'a version that does not exist': `GET / HTTP/1.9\r\n${host}\r\n`,
  'a method that does not exist': `BREW / HTTP/1.1\r\n${host}\r\n`,
  'a lower-case method': `get / HTTP/1.1\r\n${host}\r\n`,
  'a TLS handshake': '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
}

describe('what is no proper request', () => {
  for (const [name, text] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      seen = []
      const answer = await exchange(url, Buffer.from(text, 'latin1'))
      expect(statuses(answer)).toEqual([400])
      expect(answer.toLowerCase()).toContain('connection: close')
      expect(answer).toContain('application/problem+json')
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ status: 400, code: 'TUTTI_REQUEST_MALFORMED' })
      expect(seen).not.toContain('GET /admin')
      expect(answer).not.toMatch(/HPE_|node:|at \w+ \(/)
    })
  }

  it('never decodes a body by an encoding that it does not know', async () => {
    seen = []
    const answer = await exchange(
      url,
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    )
    expect(statuses(answer)[0]).toBeGreaterThanOrEqual(400)
    expect(seen).toEqual([])
  })

  it('refuses versions of HTTP that it does not speak here with 505', async () => {
    expect(statuses(await exchange(url, 'GET /\r\n\r\n'))).toEqual([505])
    expect(statuses(await exchange(url, `GET / HTTP/2.0\r\n${host}\r\n`))).toEqual([505])
  })

  it('refuses a head that is too large with 431', async () => {
    const answer = await exchange(url, `GET / HTTP/1.1\r\n${host}X-A: ${'a'.repeat(10_000)}\r\n\r\n`)
    expect(statuses(answer)).toEqual([431])
    expect(answer).toContain('TUTTI_HEAD_TOO_LARGE')
  })

  it('refuses a target that is too large with 431', async () => {
    expect(statuses(await exchange(url, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`))).toEqual([431])
  })

  it('refuses too many header fields with 431', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `X-${i}: 1\r\n`).join('')
    const answer = await exchange(url, `GET / HTTP/1.1\r\n${host}${many}\r\n`)
    expect(statuses(answer)).toEqual([431])
  })

  it('refuses endless chunk extensions with 413', async () => {
    const answer = await exchange(
      url,
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    )
    expect(statuses(answer)).toEqual([413])
  })

  it('refuses CONNECT with 501', async () => {
    const answer = await exchange(url, `CONNECT a.example:443 HTTP/1.1\r\n${host}\r\n`)
    expect(statuses(answer)).toEqual([501])
    expect(answer).toContain('TUTTI_METHOD_NOT_IMPLEMENTED')
  })

  it('ignores an upgrade to what it does not speak', async () => {
    const answer = await exchange(url, `GET / HTTP/1.1\r\n${host}Upgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n`)
    expect(statuses(answer)).toEqual([200])
  })

  it('answers slow heads with 408', async () => {
    const socket = await RawSocket.open(impatient)
    const answer = await socket.send('GET / HTTP/1.1\r\nHost: a.exa').whole()
    expect(statuses(answer)).toEqual([408])
    expect(answer).toContain('TUTTI_REQUEST_TIMEOUT')
  })

  it('closes connections on which nothing is ever said, without a word', async () => {
    const socket = await RawSocket.open(impatient)
    expect(await socket.whole()).toBe('')
  })

  it('answers slow bodies with 408', async () => {
    const socket = await RawSocket.open(impatient)
    const answer = await socket.send(`POST / HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{"a"`).whole()
    expect(statuses(answer)).toEqual([408])
  })

  it('answers what came before a malformed request, and nothing in its place', async () => {
    const answer = await exchange(url, `GET / HTTP/1.1\r\n${host}\r\nGARBAGE\r\n\r\n`)
    expect(statuses(answer)[0]).toBe(200)
    expect(answer).toContain('root')
  })

  it('serves on after all of this', async () => {
    expect(await (await fetch(url)).text()).toBe('root')
  })
})

describe('unusual requests that are proper', () => {
  it('takes a target in absolute form, whose host counts', async () => {
    const answer = await exchange(url, `GET http://b.example:81/url?a=1 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
    expect(answer).toContain('{"host":"b.example:81","url":"http://b.example:81/url?a=1"}')
  })

  it('takes a target in absolute form without a path', async () => {
    expect(await exchange(url, `GET http://b.example HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)).toContain('root')
  })

  it('answers OPTIONS *', async () => {
    const answer = await exchange(url, `OPTIONS * HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
    expect(statuses(answer)).toEqual([204])
  })

  it('takes // for a path and never for a host', async () => {
    const answer = await exchange(url, `GET //b.example/url HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
    expect(statuses(answer)).toEqual([404])
  })

  it('speaks HTTP/1.0, without Host, and closes behind the answer', async () => {
    const answer = await exchange(url, 'GET / HTTP/1.0\r\n\r\n')
    expect(statuses(answer)).toEqual([200])
    expect(answer).toContain('root')
  })

  it('keeps an HTTP/1.0 connection alive where the client asks for it', async () => {
    const socket = await RawSocket.open(url)
    await socket.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n').until(/root$/)
    expect(socket.received.toLowerCase()).toContain('connection: keep-alive')
    expect(statuses(await socket.send('GET / HTTP/1.0\r\n\r\n').whole())).toEqual([200, 200])
  })

  it('takes empty lines before a request', async () => {
    expect(statuses(await exchange(url, `\r\n\r\nGET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`))).toEqual([200])
  })

  it('takes chunk extensions and trailers', async () => {
    const answer = await exchange(
      url,
      `POST / HTTP/1.1\r\n${host}Content-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n7;a=b\r\n{"a":1}\r\n0\r\nX-T: 1\r\n\r\n`,
    )
    expect(answer).toContain('{"body":{"a":1}}')
  })
})
