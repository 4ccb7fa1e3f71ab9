import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestAuthority, type Issued } from '../../../packages/tutti/test/http/engine/certificates.ts'
import { openTelemetry, type Protocol } from '../src/index.ts'
import { GrpcReceiver } from './grpc-receiver.ts'
import { spans, TestSource } from './records.ts'

const longTest = 60_000
let authority: TestAuthority
let server: Issued
let client: Issued

beforeAll(async () => {
  authority = await TestAuthority.create()
  ;[server, client] = await Promise.all([authority.issue('collector'), authority.issue('shop')])
}, longTest)

afterAll(async () => {
  await authority.dispose()
})

async function send(url: string, protocol: Protocol, tls: object): Promise<readonly string[]> {
  const source = new TestSource()
  const sink = await openTelemetry({ url, protocol, tls, metrics: false, giveUpAfter: 1, closeTimeout: '30s' }).open(source)
  sink.spans?.(spans(1))
  await sink.flush()
  await sink.close()
  return source.reports
}

it(
  'a collector by HTTPS sees the certificate of the client, and must have one that is known',
  async () => {
    const names: (string | undefined)[] = []
    const options = { key: server.key, cert: server.cert, ca: authority.ca.cert, requestCert: true, rejectUnauthorized: true }
    const collector = createServer(options, (request, response) => {
      const { CN: name } = (request.socket as TLSSocket).getPeerCertificate().subject
      names.push(String(name))
      request.resume().on('end', () => response.end())
    })
    await new Promise<void>((resolve) => void collector.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(collector.address() as AddressInfo).port}`
    expect(await send(url, 'http/protobuf', { ca: authority.ca.cert, key: client.key, cert: client.cert })).toEqual([])
    expect(names).toEqual(['shop'])
    expect(await send(url, 'http/protobuf', {})).toContainEqual(expect.stringMatching(/certificate/))
    expect(names).toHaveLength(1)
    collector.closeAllConnections()
    collector.close()
  },
  longTest,
)

it(
  'a collector by gRPC must have a certificate that is known',
  async () => {
    await using receiver = await GrpcReceiver.open(server)
    const url = `https://localhost:${receiver.port}`
    expect(await send(url, 'grpc', { ca: authority.ca.cert })).toEqual([])
    expect(receiver.taken).toHaveLength(1)
    expect(await send(url, 'grpc', {})).toContainEqual(expect.stringMatching(/certificate|UNAVAILABLE/))
    expect(receiver.taken).toHaveLength(1)
  },
  longTest,
)
