import { mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { App, reply } from '../../src/index.ts'
import { contentDisposition, file, staticFiles } from '../../src/http/index.ts'
import { parseHttpDate } from '../../src/http/http-date.ts'
import { parseRanges } from '../../src/http/ranges.ts'
import { RawConnection } from './raw-connection.ts'

const text = 'abcdefghijklmnopqrstuvwxyz'
const modified = new Date('2024-03-01T12:00:00Z')
const big = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))

let base: string
let root: string
let app: App
let url: string

async function put(name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(base, name), content)
  await utimes(join(base, name), modified, modified)
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'tutti-files-'))
  root = join(base, 'public')
  await mkdir(join(root, 'docs', 'empty'), { recursive: true })
  await mkdir(join(base, 'public-private'))
  await put('secret.txt', 'secret')
  await put('public-private/secret.txt', 'secret')
  for (const [name, content] of Object.entries({
    'a.txt': text,
    'empty.txt': '',
    'page.html': '<p>',
    'a b ü.txt': 'spaced',
    'index.html': 'home',
    'docs/index.html': 'docs',
    '.hidden': 'dot',
  }))
    await put(`public/${name}`, content)
  await put('public/big.bin', big)
  await put('public/app.js', 'plain plain plain')
  await put('public/app.js.br', 'BR')
  await put('public/app.js.gz', 'GZIP')
  await symlink(join(base, 'secret.txt'), join(root, 'leak.txt'))
  await symlink(base, join(root, 'up'))
  await symlink(join(root, 'a.txt'), join(root, 'alias.txt'))
  app = new App({ name: 't', log: { level: 'silent' } })
    .get('/file/*', ({ params }) => file(params['*'], { root }))
    .post('/file/*', ({ params }) => file(params['*'], { root }))
    .get('/links/*', ({ params }) => file(params['*'], { root, followSymlinks: true }))
    .get('/weak', () => file(join(root, 'a.txt'), { etag: 'weak' }))
    .get('/save', () => file(join(root, 'a.txt'), { download: 'Bericht „März“.txt', maxAge: '1h', contentType: 'text/x-own' }))
    .get('/shrinks', () => file(join(base, 'shrinks')))
    .get('/missing', () => reply(200, file(join(root, 'nothing'))))
    .get('/static/route', () => 'from a route')
    .use(
      staticFiles(root, { prefix: '/static', precompressed: ['br', 'zstd', 'gzip'] }),
      staticFiles(root, { prefix: '/strict', dotfiles: 'deny', fallthrough: false, immutable: true }),
      staticFiles(root, { prefix: '/dots', dotfiles: 'allow', index: false }),
    )
  url = (await app.listen(0)).url
})

afterAll(async () => {
  await app.stop()
  await rm(base, { recursive: true })
})

function get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Response> {
  return fetch(url + path, { headers, method, redirect: 'manual' })
}

/** The path as it is: fetch would tidy it up. */
async function raw(path: string): Promise<string> {
  await using connection = await RawConnection.open(url)
  connection.send(`GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`)
  return await connection.untilClosed()
}

describe('file', () => {
  it('sends a file with what clients need to keep it', async () => {
    const response = await get('/file/a.txt')
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(text)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '26',
      'accept-ranges': 'bytes',
      'last-modified': 'Fri, 01 Mar 2024 12:00:00 GMT',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^"[^"]+"$/),
    })
  })

  it('streams large files, and answers HEAD without a body', async () => {
    const response = await get('/file/big.bin')
    expect(Buffer.from(await response.arrayBuffer()).equals(big)).toBe(true)
    const head = await get('/file/big.bin', { range: 'bytes=0-1' }, 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '300000', ''])
    const empty = await get('/file/empty.txt')
    expect([empty.status, empty.headers.get('content-length'), await empty.text()]).toEqual([200, '0', ''])
  })

  it('names downloads in full', async () => {
    const { headers } = await get('/save')
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="Bericht _M_rz_.txt"; filename*=UTF-8''Bericht%20%E2%80%9EM%C3%A4rz%E2%80%9C.txt`,
    )
    expect(headers.get('cache-control')).toBe('max-age=3600')
    expect(headers.get('content-type')).toBe('text/x-own')
    expect(contentDisposition('inline', '../a"\\b%20\r\n.txt')).toBe(`inline; filename="b_20.txt"; filename*=UTF-8''b%2520.txt`)
    expect(contentDisposition('attachment', 'a"b.txt')).toBe('attachment; filename="a\\"b.txt"')
  })

  it.each(['/file/nothing.txt', '/file/docs', '/file/docs/', '/missing', `/file/${'x'.repeat(300)}`, '/file/a.txt/more'])(
    'answers 404 for %s',
    async (path) => {
      const response = await get(path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'TUTTI_FILE_NOT_FOUND' })
    },
  )

  it('never leaves its root', async () => {
    const paths = [
      '..%2fsecret.txt',
      '%2e%2e/secret.txt',
      '../secret.txt',
      '..%5csecret.txt',
      '..\\secret.txt',
      '%2fetc/passwd',
      'docs/../../secret.txt',
      'a.txt%00',
      'leak.txt',
      'up/secret.txt',
      '../public-private/secret.txt',
      '..%252fsecret.txt',
      'C:%5cwindows',
    ]
    for (const path of paths) {
      const got = await raw(`/file/${path}`)
      expect(got, path).toMatch(/^HTTP\/1\.1 404 /)
      expect(got).not.toContain('secret\r\n')
    }
    expect(await (await get('/file/alias.txt')).text()).toBe(text)
    expect(await (await get('/links/leak.txt')).text()).toBe('secret')
  })

  it('cuts the connection where the file shrinks, rather than pass half of it for the whole', async () => {
    // More than is on its way while nobody reads it.
    await put('shrinks', 'x'.repeat(32_000_000))
    const response = await get('/shrinks')
    await truncate(join(base, 'shrinks'), 1000)
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  it('sends POST the whole file, whatever its conditions', async () => {
    const response = await get('/file/a.txt', { range: 'bytes=0-1', 'if-none-match': '*' }, 'POST')
    expect([response.status, await response.text()]).toEqual([200, text])
  })
})

describe('conditional requests', () => {
  const before = 'Fri, 01 Mar 2024 11:59:59 GMT'
  const at = 'Fri, 01 Mar 2024 12:00:00 GMT'

  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['the same tag', { 'if-none-match': 'ETAG' }, 304],
    ['the same tag, weak', { 'if-none-match': 'W/ETAG' }, 304],
    ['one of several tags', { 'if-none-match': '"a,b", ETAG' }, 304],
    ['any tag', { 'if-none-match': '*' }, 304],
    ['another tag', { 'if-none-match': '"x"' }, 200],
    ['another tag, though the date fits', { 'if-none-match': '"x"', 'if-modified-since': at }, 200],
    ['not modified since', { 'if-modified-since': at }, 304],
    ['not modified since, in the old form', { 'if-modified-since': 'Friday, 01-Mar-24 12:00:00 GMT' }, 304],
    ['not modified since, in the form of C', { 'if-modified-since': 'Fri Mar  1 12:00:00 2024' }, 304],
    ['modified since', { 'if-modified-since': before }, 200],
    ['no date', { 'if-modified-since': '2030' }, 200],
    ['a match', { 'if-match': '"x", ETAG' }, 200],
    ['any match', { 'if-match': '*' }, 200],
    ['no match', { 'if-match': '"x"' }, 412],
    ['a weak tag never matches', { 'if-match': 'W/ETAG' }, 412],
    ['unmodified since', { 'if-unmodified-since': at }, 200],
    ['modified since then', { 'if-unmodified-since': before }, 412],
    ['a match goes before dates', { 'if-match': 'ETAG', 'if-unmodified-since': before }, 200],
    ['412 goes before 304', { 'if-match': '"x"', 'if-none-match': 'ETAG' }, 412],
    ['304 goes before ranges', { 'if-none-match': 'ETAG', range: 'bytes=0-1' }, 304],
    ['the range of the same tag', { 'if-range': 'ETAG', range: 'bytes=0-1' }, 206],
    ['the range of another tag', { 'if-range': '"x"', range: 'bytes=0-1' }, 200],
    ['the range of a weak tag', { 'if-range': 'W/ETAG', range: 'bytes=0-1' }, 200],
    ['the range of the same date', { 'if-range': at, range: 'bytes=0-1' }, 206],
    ['the range of another date', { 'if-range': before, range: 'bytes=0-1' }, 200],
  ])('%s', async (_, headers, status) => {
    const etag = (await get('/file/a.txt')).headers.get('etag') ?? ''
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('ETAG', etag)]))
    const response = await get('/file/a.txt', sent)
    expect(response.status).toBe(status)
    if (status !== 304) return
    expect(response.headers.get('etag')).toBe(etag)
    expect(response.headers.get('content-length')).toBeNull()
    expect(await response.text()).toBe('')
  })

  it('tags files weakly that change without their size or time', async () => {
    expect((await get('/weak')).headers.get('etag')).toMatch(/^W\/"/)
    await writeFile(join(root, 'fresh.txt'), 'now')
    expect((await get('/file/fresh.txt')).headers.get('etag')).toMatch(/^W\/"/)
  })

  it('reads dates in all three forms and nothing else', () => {
    const time = Date.UTC(1994, 10, 6, 8, 49, 37)
    for (const date of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])
      expect(parseHttpDate(date)).toBe(time)
    for (const date of [
      '',
      '1994-11-06',
      'Sun, 06 Nov 1994 25:49:37 GMT',
      'Sun, 06 Foo 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37 CET',
    ])
      expect(parseHttpDate(date)).toBeUndefined()
  })
})

describe('ranges', () => {
  it.each([
    ['bytes=0-0', 206, 'a', 'bytes 0-0/26'],
    ['bytes=0-4', 206, 'abcde', 'bytes 0-4/26'],
    ['bytes=20-', 206, 'uvwxyz', 'bytes 20-25/26'],
    ['bytes=-3', 206, 'xyz', 'bytes 23-25/26'],
    ['bytes=-100', 206, text, 'bytes 0-25/26'],
    ['bytes=24-999999999999999999999', 206, 'yz', 'bytes 24-25/26'],
    ['bytes=0-3,2-5', 206, 'abcdef', 'bytes 0-5/26'],
    ['bytes=0-1, 99-', 206, 'ab', 'bytes 0-1/26'],
    ['bytes=26-', 416, undefined, 'bytes */26'],
    ['bytes=-0', 416, undefined, 'bytes */26'],
    ['bytes=5-1', 200, text, null],
    ['bytes=a-b', 200, text, null],
    ['bytes=', 200, text, null],
    ['lines=0-1', 200, text, null],
    [`bytes=${Array.from({ length: 17 }, (_, i) => `${i}-${i}`).join(',')}`, 200, text, null],
  ])('%s', async (range, ...[status, body, contentRange]) => {
    const response = await get('/file/a.txt', { range })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-range')).toBe(contentRange)
    if (body !== undefined) expect(await response.text()).toBe(body)
  })

  it('sends several apart', async () => {
    const response = await get('/file/a.txt', { range: 'bytes=0-1,-2' })
    const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(response.headers.get('content-type') ?? '')?.[1]
    const body = await response.text()
    expect(response.status).toBe(206)
    expect(response.headers.get('content-length')).toBe(String(body.length))
    const part = (range: string, bytes: string): string =>
      `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${range}/26\r\n\r\n${bytes}\r\n`
    expect(body).toBe(`${part('0-1', 'ab')}${part('24-25', 'yz')}--${boundary}--\r\n`)
  })

  it('never gives more than the file has, and exactly what was asked for', () => {
    const spec = fc.oneof(
      fc.tuple(fc.nat(120), fc.nat(120)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.nat(120).map((n) => `${n}-`),
      fc.nat(120).map((n) => `-${n}`),
    )
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 16 }), fc.nat(100), (specs, size) => {
        const ranges = parseRanges(`bytes=${specs.join(',')}`, size) ?? []
        const wanted = new Set<number>()
        for (const item of specs) {
          const [first = '', last = ''] = item.split('-')
          const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
          const end = first === '' || last === '' ? size - 1 : Number(last)
          for (let i = start; i <= Math.min(end, size - 1); i++) wanted.add(i)
        }
        const given = ranges.flatMap(({ start, end }) => Array.from({ length: end - start + 1 }, (_, i) => start + i))
        expect(given.length).toBe(new Set(given).size)
        expect(new Set(given)).toEqual(wanted)
      }),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.string(), fc.nat(100), (header, size) => void parseRanges(header, size)),
      { numRuns: 200 },
    )
  })
})

describe('staticFiles', () => {
  it('serves files, indexes and encoded names, and leaves the rest to routes', async () => {
    expect(await (await get('/static/a.txt')).text()).toBe(text)
    expect(await (await get('/static/a%20b%20%C3%BC.txt')).text()).toBe('spaced')
    expect(await (await get('/static/')).text()).toBe('home')
    expect(await (await get('/static/docs/')).text()).toBe('docs')
    expect(await (await get('/static/route')).text()).toBe('from a route')
    expect((await get('/static/nothing')).status).toBe(404)
    expect((await get('/static/a.txt', {}, 'POST')).status).toBe(404)
    expect((await get('/staticx/a.txt')).status).toBe(404)
    expect((await get('/static/a.txt', {}, 'HEAD')).headers.get('content-length')).toBe('26')
    expect((await get('/static/a.txt', { range: 'bytes=1-2' })).status).toBe(206)
  })

  it('sends folders to the path with the slash, and never to another host', async () => {
    expect((await get('/static/docs?q=1')).headers.get('location')).toBe('/static/docs/?q=1')
    expect((await get('/static')).headers.get('location')).toBe('/static/')
    expect((await get('/static/docs/empty')).status).toBe(404)
    const open = new App({ name: 't', log: { level: 'silent' } }).use(staticFiles(base, { index: 'secret.txt' }))
    await using server = await open.listen(0).then((address) => ({ ...address, [Symbol.asyncDispose]: () => open.stop() }))
    for (const path of [
      '//evil.example',
      '//evil.example/..',
      '/\\evil.example',
      '/%5cevil.example',
      '/%2f%2fevil.example',
      '//public-private',
    ]) {
      await using connection = await RawConnection.open(server.url)
      connection.send(`GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`)
      expect(await connection.untilClosed(), path).toMatch(/^HTTP\/1\.1 404 /)
    }
    expect((await fetch(`${server.url}/public-private`, { redirect: 'manual' })).headers.get('location')).toBe('/public-private/')
  })

  it('never leaves its folder', async () => {
    for (const path of [
      '../secret.txt',
      '%2e%2e/secret.txt',
      '..%2fsecret.txt',
      '..%5csecret.txt',
      '..\\secret.txt',
      './a.txt',
      'docs//index.html',
      'a.txt%00',
      'leak.txt',
      'up/secret.txt',
      '..-private/secret.txt',
    ]) {
      const got = await raw(`/static/${path}`)
      expect(got, path).toMatch(/^HTTP\/1\.1 404 /)
    }
    expect((await get('/static/%ff')).status).toBe(400)
  })

  it('decides about dotfiles, methods and missing files as told', async () => {
    expect((await get('/static/.hidden')).status).toBe(404)
    expect((await get('/strict/.hidden')).status).toBe(403)
    expect(await (await get('/dots/.hidden')).text()).toBe('dot')
    expect((await get('/dots/docs/')).status).toBe(404)
    expect(await (await get('/strict/nothing')).json()).toMatchObject({ code: 'TUTTI_FILE_NOT_FOUND' })
    const post = await get('/strict/a.txt', {}, 'POST')
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await get('/strict/a.txt')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  it('sends what was compressed beforehand to those who take it', async () => {
    const ask = async (accept: string, range = ''): Promise<readonly [string | undefined, string]> => {
      await using connection = await RawConnection.open(url)
      connection.send(`GET /static/app.js HTTP/1.1\r\nHost: t\r\nAccept-Encoding: ${accept}\r\n${range}Connection: close\r\n\r\n`)
      const got = await connection.untilClosed()
      expect(got).toMatch(/\r\nvary: Accept-Encoding\r\n/i)
      expect(got).toMatch(/\r\ncontent-type: text\/javascript; charset=utf-8\r\n/i)
      return [/content-encoding: (\S+)/i.exec(got)?.[1], got.slice(got.indexOf('\r\n\r\n') + 4)]
    }
    expect(await ask('gzip, br')).toEqual(['br', 'BR'])
    expect(await ask('zstd')).toEqual([undefined, 'plain plain plain'])
    expect(await ask('zstd, gzip;q=0.5')).toEqual(['gzip', 'GZIP'])
    expect(await ask('br;q=0, gzip')).toEqual(['gzip', 'GZIP'])
    expect(await ask('')).toEqual([undefined, 'plain plain plain'])
    expect(await ask('identity, br;q=0.1')).toEqual([undefined, 'plain plain plain'])
    expect(await ask('gzip', 'Range: bytes=1-2\r\n')).toEqual(['gzip', 'ZI'])
  })

  it('refuses what cannot be meant', () => {
    expect(() => staticFiles('/does/not/exist')).toThrow(/wanted a folder that exists/)
    expect(() => staticFiles(root, { prefix: 'assets/' })).toThrow(/wanted one that begins with/)
    expect(() => staticFiles(root, { dotfiles: 'hide' as 'deny' })).toThrow(/dotfiles/)
  })
})
