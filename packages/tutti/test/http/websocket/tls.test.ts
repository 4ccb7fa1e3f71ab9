import { afterAll, beforeAll, expect, it } from 'vitest'
import { App } from '../../../src/index.ts'
import { TestAuthority, type Issued } from '../engine/certificates.ts'
import { open, refused, until } from './client.ts'

let authority: TestAuthority
let server: Issued
beforeAll(async () => {
  authority = await TestAuthority.create()
  server = await authority.issue('localhost')
})
afterAll(() => authority.dispose())

it('WebSockets go over TLS beside HTTP/2, and end with the server', async () => {
  const app = new App({ name: 't', log: { level: 'silent' }, http: { tls: { cert: server.cert, key: server.key } } })
  const big = 'x'.repeat(64 * 1024)
  const feed = app.ws(
    '/',
    { format: 'text', maxBacklog: '256kb', guard: (ctx) => ctx.query['no'] === undefined },
    {
      async open(socket) {
        socket.send(socket.ctx.protocol)
        for (let i = 0; i < 100 && (await socket.drained()); i++) expect(socket.send(big)).toBe(true)
      },
    },
  )
  const { url } = await app.listen(0)
  const ca = authority.ca.cert
  expect((await refused(`${url}/?no=1`, { ca })).status).toBe(401)
  const client = await open(url, { ca, headers: { origin: url } })
  expect(await client.next()).toBe('https')
  for (let i = 0; i < 100; i++) expect(await client.next()).toBe(big)
  await until(() => feed.size === 1)
  await app.stop()
  expect((await client.closed).code).toBe(1001)
})
