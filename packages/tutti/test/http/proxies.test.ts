import { Readable } from 'node:stream'
import type { HttpSource } from '../../src/http/source.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TrustedProxies, type TrustProxy } from '../../src/http/proxies.ts'

function source(peer: string | undefined, headers: Record<string, string | string[]> = {}, encrypted = false): HttpSource {
  const rawHeaders = Object.entries({ host: 'direct.example', ...headers }).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  )
  return Object.assign(Readable.from([]), { rawHeaders, headers: {}, httpVersion: '1.1', socket: { remoteAddress: peer, encrypted } })
}

const address = (trust: TrustProxy | undefined, peer: string | undefined, forwarded?: string | string[]): string =>
  new TrustedProxies(trust).address(source(peer, forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded }))

describe('the address of the client', () => {
  it.each<[TrustProxy | undefined, string, string | string[], string]>([
    [undefined, '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    [false, '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    [0, '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    [true, '10.0.0.1', '1.1.1.1, 2.2.2.2', '1.1.1.1'],
    [1, '10.0.0.1', '1.1.1.1, 2.2.2.2', '2.2.2.2'],
    [2, '10.0.0.1', '1.1.1.1, 2.2.2.2', '1.1.1.1'],
    [9, '10.0.0.1', '1.1.1.1, 2.2.2.2', '1.1.1.1'],
    [['private'], '10.0.0.1', '9.9.9.9, 1.1.1.1, 192.168.0.3', '1.1.1.1'],
    [['private'], '8.8.8.8', '1.1.1.1', '8.8.8.8'],
    [['10.0.0.0/8'], '::ffff:10.0.0.1', '::FFFF:1.1.1.1', '1.1.1.1'],
    [['loopback'], '::1', '[2001:db8::1]:443', '2001:db8::1'],
    [['loopback'], '127.0.0.1', '1.1.1.1:5000', '1.1.1.1'],
    [['loopback'], '127.0.0.1', ['9.9.9.9', '1.1.1.1'], '1.1.1.1'],
    [['linklocal'], 'fe80::1%eth0', '1.1.1.1', '1.1.1.1'],
    [['1.2.3.4'], '1.2.3.4', '1.1.1.1', '1.1.1.1'],
    [['loopback'], '127.0.0.1', '', '127.0.0.1'],
    // What is no address was written by nobody who can be believed.
    [true, '10.0.0.1', '<script>, 2.2.2.2', '2.2.2.2'],
    [true, '10.0.0.1', 'unknown', '10.0.0.1'],
    [true, '10.0.0.1', '1.1.1.1, unknown, 2.2.2.2', '2.2.2.2'],
  ])('trusting %j, connected from %s, forwarded %j: %s', (...[trust, peer, forwarded, expected]) => {
    expect(address(trust, peer, forwarded)).toBe(expected)
  })

  it('is empty where nobody knows it', () => {
    expect(address(false, undefined)).toBe('')
    expect(address(['loopback'], undefined, '1.1.1.1')).toBe('')
    expect(address(true, undefined, '1.1.1.1')).toBe('1.1.1.1')
  })

  it('is never one that a client in front of n trusted proxies made up', () => {
    const ip = fc.ipV4()
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        ip,
        fc.array(fc.oneof(ip, fc.string(), fc.constant('unknown'))),
        (proxies, client, invented) => {
          // Each proxy adds the address that it is connected to: the first one the client's, the others their neighbour's.
          const chain = [
            ...invented.map((text) => text.replaceAll(',', ' ')),
            client,
            ...Array.from({ length: proxies - 1 }, (_, i) => `10.0.0.${i + 1}`),
          ]
          expect(address(proxies, `10.0.0.${proxies}`, chain.join(', '))).toBe(client)
        },
      ),
    )
  })

  it('takes time in proportion to the header', () => {
    const long = `${' '.repeat(200_000)}${','.repeat(200_000)}[${':'.repeat(200_000)}`
    const start = performance.now()
    expect(address(true, '10.0.0.1', long)).toBe('10.0.0.1')
    // In proportion to its square it would be minutes.
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})

describe('scheme and host', () => {
  const seen = (trust: TrustProxy, headers: Record<string, string>, encrypted = false): [string, string] => {
    const proxies = new TrustedProxies(trust)
    const from = source('10.0.0.1', headers, encrypted)
    return [proxies.protocol(from), proxies.host(from)]
  }

  it('are those of the connection, unless a trusted proxy says otherwise', () => {
    const forwarded = { 'x-forwarded-proto': 'HTTPS', 'x-forwarded-host': 'shop.example:8443' }
    expect(seen(false, forwarded)).toEqual(['http', 'direct.example'])
    expect(seen(false, {}, true)).toEqual(['https', 'direct.example'])
    expect(seen(['127.0.0.1'], forwarded)).toEqual(['http', 'direct.example'])
    expect(seen(1, forwarded)).toEqual(['https', 'shop.example:8443'])
    expect(seen(1, { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'a/b' }, true)).toEqual(['https', 'direct.example'])
  })

  it('of several values the one of the outermost trusted proxy counts', () => {
    const both = {
      'x-forwarded-for': '9.9.9.9, 1.1.1.1, 10.0.0.2',
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': 'evil.example, shop.example, inner.example',
    }
    expect(seen(2, both)).toEqual(['https', 'shop.example'])
    expect(seen(1, { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https, http' })).toEqual(['http', 'direct.example'])
  })

  it.each(['a b', 'a/b', 'user@host', 'host:port', 'a"b', ''])('a host of %j is not believed', (host) => {
    expect(new TrustedProxies().host(source('1.1.1.1', { host }))).toBe('localhost')
  })
})

it.each([[-1], [1.5], [['10.0.0.0/33']], [['10.0.0.0/']], [['example.com']], [['10.0.0.0/8/8']]])('trustProxy refuses %j', (trust) => {
  expect(() => new TrustedProxies(trust as TrustProxy)).toThrow(/trustProxy received/)
})
