import type { BlockList } from 'node:net'
import { OptionError } from '../kernel/index.ts'
import { rawHeader, type HttpSource } from './source.ts'

/**
 * Which proxies in front of the application are believed: nobody (`false`, the default), everybody (`true`: only where nothing but
 * the proxy can connect), the nearest `n`, or those at the given addresses and networks, such as `['10.0.0.0/8', 'loopback', 'private']`.
 */
export type TrustProxy = boolean | number | readonly string[]

const networks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
}

/** Reads what trusted proxies say about the client: `X-Forwarded-For`, `-Proto` and `-Host`. */
export class TrustedProxies {
  readonly #trusts: (address: string, hop: number) => boolean
  readonly #any: boolean

  constructor(trust: TrustProxy = false) {
    this.#any = trust !== false && trust !== 0
    this.#trusts = compile(trust)
  }

  /** Whether the peer that is connected is a trusted proxy. */
  trusts(peer: string | undefined): boolean {
    return this.#any && this.#trusts(plain(peer ?? ''), 0)
  }

  /** The address of the client: the last one in the chain that is not a trusted proxy. Empty where the engine knows none. */
  address(source: HttpSource): string {
    return this.#any ? this.#chain(source).address : plain(source.socket.remoteAddress ?? '')
  }

  protocol(source: HttpSource): 'http' | 'https' {
    const said = this.#said(source, 'x-forwarded-proto')?.toLowerCase()
    if (said === 'https' || said === 'http') return said
    return source.socket.encrypted === true ? 'https' : 'http'
  }

  host(source: HttpSource): string {
    const direct = rawHeader(source.rawHeaders, 'host') ?? rawHeader(source.rawHeaders, ':authority') ?? 'localhost'
    return clean(this.#said(source, 'x-forwarded-host')) ?? clean(direct) ?? 'localhost'
  }

  /** Follows the chain back from the peer for as long as those in it are trusted. What is no address ends it: nobody knows who wrote it. */
  #chain(source: HttpSource): { readonly address: string; readonly proxies: number } {
    const { isIP } = process.getBuiltinModule('node:net')
    const before = forwarded(source, 'x-forwarded-for').toReversed()
    let address = plain(source.socket.remoteAddress ?? '')
    let proxies = 0
    while (this.#trusts(address, proxies)) {
      const next = plain(withoutPort(before[proxies] ?? ''))
      proxies++
      if (isIP(next) === 0) break
      address = next
    }
    return { address, proxies }
  }

  /** What the outermost trusted proxy says: each one may have added a value of its own, and what came before them is the client's. */
  #said(source: HttpSource, name: string): string | undefined {
    if (!this.trusts(source.socket.remoteAddress)) return undefined
    const values = forwarded(source, name)
    if (values.length <= 1) return values[0]
    return values.at(-Math.min(this.#chain(source).proxies, values.length))
  }
}

/** The values of a list header, in the order in which they were added, however many lines they came in. */
function forwarded(source: HttpSource, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < source.rawHeaders.length; i += 2) {
    if ((source.rawHeaders[i] as string).toLowerCase() !== name) continue
    for (const item of (source.rawHeaders[i + 1] as string).split(',')) if (item.trim() !== '') values.push(item.trim())
  }
  return values
}

/** A host that cannot be anything but a host and a port; undefined for text that would change a URL. */
function clean(host: string | undefined): string | undefined {
  return host !== undefined && /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(host) ? host : undefined
}

/** IPv4 addresses that arrive as IPv6 ones, written the short way. */
function plain(address: string): string {
  return address.includes('.') && /^::ffff:/i.test(address) ? address.slice(7) : address
}

function withoutPort(address: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(address)
  if (bracketed) return bracketed[1] as string
  return /^[\d.]+:\d+$/.test(address) ? address.slice(0, address.lastIndexOf(':')) : address
}

function compile(trust: TrustProxy): (address: string, hop: number) => boolean {
  if (typeof trust === 'boolean') return () => trust
  if (typeof trust === 'number') {
    if (!Number.isInteger(trust) || trust < 0) throw new OptionError(`trustProxy received ${trust}; wanted a number of proxies, 0 or more.`)
    return (_, hop) => hop < trust
  }
  const list = blockList(trust)
  return (address) => {
    if (address === '') return false
    return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
  }
}

function blockList(entries: readonly string[]): BlockList {
  const { BlockList: List, isIP } = process.getBuiltinModule('node:net')
  const list = new List()
  for (const entry of entries.flatMap((item) => networks[item] ?? [item])) {
    const [address = '', bits, ...rest] = entry.split('/')
    const kind = isIP(address)
    const most = kind === 6 ? 128 : 32
    const prefix = bits === undefined ? most : Number(bits)
    if (kind === 0 || rest.length > 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most || bits === '') {
      throw new OptionError(
        `trustProxy received ${JSON.stringify(entry)}; wanted an address, a network such as "10.0.0.0/8", or one of ${Object.keys(networks).join(', ')}.`,
      )
    }
    list.addSubnet(address, prefix, kind === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
