import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { App, type AppOptions } from '../../../src/index.ts'
import { TestAuthority, type Issued } from './certificates.ts'
import { openHttp2, request } from './http2-client.ts'

let authority: TestAuthority
let strangers: TestAuthority
let server: Issued
let client: Issued
let other: Issued
beforeAll(async () => {
  authority = await TestAuthority.create()
  strangers = await TestAuthority.create('Strangers')
  ;[server, client, other] = await Promise.all([authority.issue('one'), authority.issue('billing'), authority.issue('two')])
})
afterAll(async () => {
  await authority.dispose()
  await strangers.dispose()
})

const open: App[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.stop()
})

type Tls = NonNullable<NonNullable<AppOptions['http']>['tls']>

async function serve(tls: Tls): Promise<{ app: App; url: string; port: number }> {
  const app = new App({ name: 't', log: { level: 'silent' }, http: { tls } })
  app.get('/', () => 'root')
  app.get('/who', ({ clientCertificate }) =>
    clientCertificate === undefined
      ? { nobody: true }
      : {
          subject: clientCertificate.subject,
          authorized: clientCertificate.authorized,
          problem: clientCertificate.problem,
          fingerprint: clientCertificate.fingerprint256,
          until: clientCertificate.validTo,
        },
  )
  open.push(app)
  const { url, port } = await app.listen(0, 'localhost')
  return { app, url, port }
}

async function servedName(port: number): Promise<unknown> {
  const socket = connect({ host: 'localhost', port, ca: authority.ca.cert })
  await once(socket, 'secureConnect')
  const name = socket.getPeerCertificate().subject.CN
  socket.destroy()
  return name
}

async function say(socket: TLSSocket, path: string): Promise<string> {
  let text = ''
  socket.setEncoding('utf8')
  const onData = (chunk: string): void => void (text += chunk)
  socket.on('data', onData)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await expect.poll(() => text).toContain('\r\n\r\n')
  socket.off('data', onData)
  return text
}

describe('certificates of the server', () => {
  it('are taken as PEM, as bytes, and from files', async () => {
    for (const tls of [
      { cert: server.cert, key: server.key },
      { cert: Buffer.from(server.cert), key: Buffer.from(server.key) },
      { cert: server.certFile, key: server.keyFile },
    ]) {
      const { port, url } = await serve(tls)
      expect(url).toMatch(/^https:/)
      expect(await servedName(port)).toBe('one')
    }
  })

  it('may have an encrypted key', async () => {
    const { port } = await serve({ cert: server.cert, key: await authority.encrypt(server, 'open sesame'), passphrase: 'open sesame' })
    expect(await servedName(port)).toBe('one')
  })

  const starts = async (tls: Tls): Promise<unknown> => new App({ name: 't', log: { level: 'silent' }, http: { tls } }).listen(0)

  it('stop the start where a file cannot be read', async () => {
    await expect(starts({ cert: join(authority.folder, 'none.crt'), key: server.key })).rejects.toMatchObject({
      code: 'TUTTI_TLS_INVALID',
      message: expect.stringMatching(/tls\.cert names the file .*none\.crt, which cannot be read: ENOENT/),
    })
  })

  it('stop the start where the key is that of another certificate', async () => {
    await expect(starts({ cert: server.cert, key: other.key })).rejects.toMatchObject({
      code: 'TUTTI_TLS_INVALID',
      message: expect.stringContaining('does not belong'),
    })
  })

  it('stop the start where the passphrase is wrong or missing', async () => {
    const key = await authority.encrypt(server, 'open sesame')
    await expect(starts({ cert: server.cert, key, passphrase: 'mellon' })).rejects.toMatchObject({
      code: 'TUTTI_TLS_INVALID',
      message: expect.stringContaining('passphrase'),
    })
    await expect(starts({ cert: server.cert, key })).rejects.toMatchObject({
      code: 'TUTTI_TLS_INVALID',
      message: expect.stringContaining('passphrase'),
    })
  })

  it('stop the start where a file holds no PEM', async () => {
    const file = join(authority.folder, 'text.crt')
    await writeFile(file, 'not a certificate')
    await expect(starts({ cert: file, key: server.key })).rejects.toMatchObject({
      code: 'TUTTI_TLS_INVALID',
      message: expect.stringContaining('PEM'),
    })
  })

  it('are checked as options', () => {
    const make = (http: object) => () => new App({ http })
    expect(make({ tls: { cert: server.cert } })).toThrow(/undefined as key/)
    expect(make({ tls: { cert: server.cert, key: '' } })).toThrow(/empty text as key/)
    expect(make({ tls: { cert: server.cert, key: server.key, crt: 1 } })).toThrow(/"crt"/)
    expect(make({ tls: { cert: server.cert, key: server.key, requestClientCert: 'yes' } })).toThrow(/requestClientCert/)
    expect(make({ tls: { cert: server.cert, key: server.key, minVersion: 'TLSv1' } })).toThrow(/minVersion/)
    expect(make({ http2: true })).toThrow(/needs tls/)
    expect(make({ h2c: true, tls: { cert: server.cert, key: server.key } })).toThrow(/both tls and h2c/)
  })
})

describe('reload', () => {
  it('takes new certificates and keeps the connections that exist', async () => {
    const certFile = join(authority.folder, 'live.crt')
    const keyFile = join(authority.folder, 'live.key')
    await writeFile(certFile, server.cert)
    await writeFile(keyFile, server.key)
    const { app, port } = await serve({ cert: certFile, key: keyFile, watch: false })
    const before = connect({ host: 'localhost', port, ca: authority.ca.cert })
    await once(before, 'secureConnect')
    await writeFile(certFile, other.cert)
    await writeFile(keyFile, other.key)
    await app.reloadCertificates()
    expect(await servedName(port)).toBe('two')
    expect(await say(before, '/')).toContain('root')
    before.destroy()
  })

  it('goes on with those in use where the new ones are of no use', async () => {
    const certFile = join(authority.folder, 'half.crt')
    await writeFile(certFile, server.cert)
    const { app, port } = await serve({ cert: certFile, key: server.keyFile, watch: false })
    await writeFile(certFile, other.cert)
    await expect(app.reloadCertificates()).rejects.toMatchObject({ code: 'TUTTI_TLS_INVALID' })
    expect(await servedName(port)).toBe('one')
  })

  it('happens by itself when files are replaced', async () => {
    const certFile = join(authority.folder, 'watched.crt')
    const keyFile = join(authority.folder, 'watched.key')
    await writeFile(certFile, server.cert)
    await writeFile(keyFile, server.key)
    const { port } = await serve({ cert: certFile, key: keyFile })
    await writeFile(`${certFile}.new`, other.cert)
    await writeFile(`${keyFile}.new`, other.key)
    await rename(`${keyFile}.new`, keyFile)
    await rename(`${certFile}.new`, certFile)
    await expect.poll(() => servedName(port)).toBe('two')
  })
})

describe('certificates of clients', () => {
  it('are told to handlers, over HTTP/2 and HTTP/1.1', async () => {
    const { url, port } = await serve({ cert: server.cert, key: server.key, ca: authority.ca.cert, requestClientCert: true })
    const own = { ca: authority.ca.cert, cert: client.cert, key: client.key }
    const session = await openHttp2(url, own)
    const { text } = await request(session, { ':path': '/who' })
    expect(JSON.parse(text)).toMatchObject({
      subject: { CN: 'billing', O: 'Shop' },
      authorized: true,
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    })
    session.close()
    const socket = connect({ host: 'localhost', port, ...own })
    await once(socket, 'secureConnect')
    expect(await say(socket, '/who')).toContain('"CN":"billing"')
    socket.destroy()
  })

  it('may be missing, or from strangers, where they are not required', async () => {
    const { url } = await serve({ cert: server.cert, key: server.key, ca: authority.ca.cert, requestClientCert: true })
    const session = await openHttp2(url, { ca: authority.ca.cert })
    expect(JSON.parse((await request(session, { ':path': '/who' })).text)).toEqual({ nobody: true })
    session.close()
    const stranger = await strangers.issue('stranger')
    const strange = await openHttp2(url, { ca: authority.ca.cert, cert: stranger.cert, key: stranger.key })
    expect(JSON.parse((await request(strange, { ':path': '/who' })).text)).toMatchObject({ authorized: false, problem: expect.any(String) })
    strange.close()
  })

  it('are needed to connect where they are required', async () => {
    const { url } = await serve({ cert: server.cert, key: server.key, ca: authority.ca.cert, requestClientCert: 'required' })
    const ask = async (own: object): Promise<number> => {
      const session = await openHttp2(url, { ca: authority.ca.cert, ...own })
      try {
        return (await request(session, { ':path': '/who' })).status
      } finally {
        session.destroy()
      }
    }
    const stranger = await strangers.issue('stranger')
    await expect(ask({})).rejects.toThrow()
    await expect(ask({ cert: stranger.cert, key: stranger.key })).rejects.toThrow()
    expect(await ask({ cert: client.cert, key: client.key })).toBe(200)
  })

  it('are not there where nobody asked for them', async () => {
    const { url } = await serve({ cert: server.cert, key: server.key })
    const session = await openHttp2(url, { ca: authority.ca.cert, cert: client.cert, key: client.key })
    expect(JSON.parse((await request(session, { ':path': '/who' })).text)).toEqual({ nobody: true })
    session.close()
  })
})
