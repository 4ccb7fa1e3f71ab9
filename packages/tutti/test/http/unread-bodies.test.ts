import { describe, expect, it } from 'vitest'
import { App, reply } from '../../src/index.ts'
import { stream, text, unauthenticated } from '../../src/http/index.ts'
import { RawConnection } from './raw-connection.ts'

function head(path: string, ...headers: readonly string[]): string {
  return [`POST ${path} HTTP/1.1`, 'Host: t', ...headers, '', ''].join('\r\n')
}

interface Served extends AsyncDisposable {
  readonly url: string
  readonly seen: string[]
}

async function serve(): Promise<Served> {
  const seen: string[] = []
  const app = new App({ name: 't', log: { level: 'silent' } })
    .get('/smuggled', () => {
      seen.push('smuggled')
      return 'smuggled'
    })
    .get('/next', () => 'next')
    .post('/small', { bodyLimit: '1kb', body: text() }, ({ body }) => body)
    .post(
      '/guarded',
      {
        guard: () => {
          throw unauthenticated()
        },
        bodyLimit: '1gb',
        body: text(),
      },
      () => 'never',
    )
    .post('/echo', { bodyLimit: '1gb', body: stream() }, ({ body }) => body)
    .post('/half', { bodyLimit: '1gb', body: stream() }, ({ body }) => body.take(1))
    .post('/ignored', { body: stream(), bodyLimit: '1gb' }, () => reply(202, 'taken'))
  const { url } = await app.listen(0)
  return { url, seen, [Symbol.asyncDispose]: () => app.stop() }
}

describe('a body that nobody reads to its end', () => {
  it('is refused before it is read where it announces too much, and the client can read that', async () => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(head('/small', 'Content-Type: text/plain', 'Content-Length: 3000000'))
    await connection.until((got) => got.includes('TUTTI_BODY_TOO_LARGE'))
    expect(connection.received).toMatch(/^HTTP\/1\.1 413 /)
    expect(connection.received.toLowerCase()).toContain('connection: close')
  })

  it('can be sent completely by a client that only reads afterwards', async () => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.socket.pause()
    connection.send(head('/small', 'Content-Type: text/plain', 'Content-Length: 3000000'))
    await new Promise<void>((resolve) => void connection.socket.write(Buffer.alloc(3_000_000, 'x'), () => resolve()))
    connection.socket.resume()
    await connection.untilClosed()
    expect(connection.error).toBeUndefined()
    expect(connection.received).toMatch(/^HTTP\/1\.1 413 [\s\S]*TUTTI_BODY_TOO_LARGE/)
  })

  it('is refused while it streams where it comes in chunks', async () => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(head('/small', 'Content-Type: text/plain', 'Transfer-Encoding: chunked'))
    connection.send(`800\r\n${'x'.repeat(2048)}\r\n`)
    await connection.untilClosed()
    expect(connection.error).toBeUndefined()
    expect(connection.received).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('is never taken for a further request', async () => {
    await using served = await serve()
    for (const framing of ['Content-Length: 100000', 'Transfer-Encoding: chunked'] as const) {
      await using connection = await RawConnection.open(served.url)
      const body = framing.startsWith('C') ? Buffer.alloc(100_000, 'y').toString() : `1000\r\n${'y'.repeat(4096)}\r\n0\r\n\r\n`
      connection.send(`${head('/small', 'Content-Type: text/plain', framing)}${body}GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n`)
      await connection.untilClosed()
      expect(connection.received.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(served.seen).toEqual([])
    }
  })

  it('is not read without bound', async () => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(head('/guarded', 'Content-Type: text/plain', 'Transfer-Encoding: chunked'))
    const chunk = `10000\r\n${'z'.repeat(65_536)}\r\n`
    let sent = 0
    while (!connection.closed && sent < 100_000_000) {
      const flushed = connection.socket.write(chunk)
      sent += chunk.length
      if (!flushed)
        await Promise.race([new Promise<void>((resolve) => connection.socket.once('drain', () => resolve())), connection.untilClosed()])
    }
    expect(connection.received).toMatch(/^HTTP\/1\.1 401 /)
    expect(sent).toBeLessThan(50_000_000)
  })

  it.each([
    ['an unknown path', '/nowhere', 404],
    ['a guard', '/guarded', 401],
    ['a wrong media type', '/small', 415],
  ])('keeps the connection where a small one follows: %s', async (_, path, status) => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(`${head(path, 'Content-Type: application/json', 'Content-Length: 2')}`)
    await connection.until((got) => got.includes('}'))
    connection.send('{}GET /next HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n')
    const got = await connection.untilClosed()
    expect(got).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(got).toMatch(/HTTP\/1\.1 200 [\s\S]*next$/)
  })

  it('may still be read while the answer streams', async () => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(head('/echo', 'Content-Type: a/b', 'Transfer-Encoding: chunked'))
    connection.send('3\r\none\r\n')
    await connection.until((got) => got.includes('one'))
    connection.send('3\r\ntwo\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n')
    const got = await connection.untilClosed()
    expect(got).toContain('two')
    expect(got).toMatch(/next$/)
  })

  it.each(['/half', '/ignored'])('closes the connection after the answer where a handler stops reading: %s', async (path) => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(head(path, 'Content-Type: a/b', 'Transfer-Encoding: chunked'))
    connection.send('3\r\none\r\n')
    const got = await connection.untilClosed()
    expect(connection.error).toBeUndefined()
    expect(got).toMatch(/^HTTP\/1\.1 20\d /)
    expect(got.endsWith('\r\n0\r\n\r\n') || got.endsWith('taken')).toBe(true)
  })
})

describe('Expect: 100-continue', () => {
  it('is answered once somebody reads the body', async () => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(head('/small', 'Content-Type: text/plain', 'Content-Length: 2', 'Expect: 100-continue', 'Connection: close'))
    await connection.until((got) => got.includes('\r\n\r\n'))
    expect(connection.received).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    connection.send('hi')
    expect(await connection.untilClosed()).toMatch(/HTTP\/1\.1 200 [\s\S]*hi$/)
  })

  it.each([
    ['/small', 'Content-Length: 2000000', 413],
    ['/guarded', 'Content-Length: 10', 401],
    ['/nowhere', 'Content-Length: 10', 404],
    ['/small', 'Content-Length: 10\r\nContent-Encoding: pig', 415],
  ])('spares the client the upload: %s with %s', async (path, framing, status) => {
    await using served = await serve()
    await using connection = await RawConnection.open(served.url)
    connection.send(head(path, 'Content-Type: text/plain', framing, 'Expect: 100-continue'))
    // What the client may send now is the body or another request: nobody knows, so the connection ends.
    connection.send('GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n')
    const got = await connection.untilClosed()
    expect(got).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(got).not.toContain('100 Continue')
    expect(served.seen).toEqual([])
  })
})
