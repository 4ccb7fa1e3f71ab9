import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { App } from '../../src/index.ts'
import { bytes, multipart, upload } from '../../src/http/index.ts'
import { TestAuthority } from './engine/certificates.ts'

let authority: TestAuthority
let folder: string
let app: App
let port: number

beforeAll(async () => {
  authority = await TestAuthority.create()
  folder = await mkdtemp(join(tmpdir(), 'tutti-test-'))
  const { cert, key } = await authority.issue('server')
  app = new App({ name: 't', log: { level: 'silent' }, http: { tls: { cert, key } } })
    .post('/small', { body: bytes(), bodyLimit: '1kb' }, ({ body }) => body.length)
    .post('/form', { body: multipart({ files: { a: upload() }, folder }) }, ({ body }) => body.a.size)
  port = (await app.listen(0)).port
})

afterAll(async () => {
  await app.stop()
  await authority.dispose()
  await rm(folder, { recursive: true })
})

describe('bodies over TLS', () => {
  it('are refused with an answer that a client can read after it has sent all', async () => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.ca.cert, ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    let got = ''
    socket.pause()
    socket.on('data', (chunk) => (got += String(chunk)))
    socket.pause()
    socket.write('POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 2000000\r\n\r\n')
    await new Promise<void>((resolve) => void socket.write(Buffer.alloc(2_000_000), () => resolve()))
    socket.resume()
    await once(socket, 'close')
    expect(got).toMatch(/^HTTP\/1\.1 413 [\s\S]*TUTTI_BODY_TOO_LARGE/)
  })

  it('come as forms over HTTP/2, and leave nothing where the client resets the stream', async () => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: authority.ca.cert })
    const head = '--b\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n'
    const open = (): ReturnType<typeof session.request> =>
      session.request({ ':method': 'POST', ':path': '/form', 'content-type': 'multipart/form-data; boundary=b' })

    const whole = open()
    whole.setEncoding('utf8')
    let answer = ''
    whole.on('data', (text: string) => (answer += text))
    whole.end(`${head}${'x'.repeat(70_000)}\r\n--b--\r\n`)
    await once(whole, 'end')
    expect(answer).toBe('70000')
    await expect.poll(() => readdir(folder)).toEqual([])

    const broken = open()
    broken.on('error', () => {})
    broken.write(`${head}${'x'.repeat(30_000)}`)
    await expect.poll(() => readdir(folder)).toHaveLength(1)
    broken.close(8)
    await expect.poll(() => readdir(folder)).toEqual([])
    session.destroy()
  })
})
