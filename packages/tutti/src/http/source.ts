import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { PeerCertificate } from 'node:tls'

/**
 * A request as the HTTP core reads it. Node's `IncomingMessage` and `Http2ServerRequest` are sources as they are,
 * so that the hot path allocates nothing for it; `app.fetch` brings its own. The source itself streams the body.
 */
export interface HttpSource extends Readable {
  readonly method?: string | undefined
  /** The request target: path and query, undecoded. */
  readonly url?: string | undefined
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  /** Lower-case names; repeated headers joined the way RFC 9110 section 5.3 allows. */
  readonly headers: IncomingHttpHeaders
  readonly httpVersion: string
  readonly socket: HttpPeer
  /** Set where the engine has the whole body already. */
  readonly [earlyBody]?: EarlyBody | undefined
}

/** Where an engine keeps a body that it has received before the request is handled. */
export const earlyBody: unique symbol = Symbol('early body')

/** A body that is there already: taken as a whole, the source has ended; otherwise the source streams it. */
export interface EarlyBody {
  take(): Buffer
}

/** The other end of the connection. */
export interface HttpPeer {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  /** True on TLS connections. */
  readonly encrypted?: boolean
  /** Whether the client has closed its sending half, or is gone: the two look the same from here. */
  readonly readableEnded?: boolean
  /** On TLS connections: whether the client's certificate is one that we trust. */
  readonly authorized?: boolean
  /** Why it is not. */
  readonly authorizationError?: unknown
  /** On TLS connections: the client's certificate, without members where it showed none. */
  getPeerCertificate?(): PeerCertificate
}

/** The sending half of a request's connection: tells when the client has gone. */
export interface HttpExchange {
  readonly writableFinished: boolean
  /** False where nobody has ended the response: on HTTP/2 one that the client has reset counts as finished. */
  readonly writableEnded?: boolean
  /** `clientEnd` comes before `close` where an HTTP/1 client closes its sending half while its response is not complete. */
  once(event: 'close' | 'clientEnd', listener: () => void): unknown
}

/** All values of a list header, joined with commas. `name` is lower-case. */
export function rawHeaders(raw: readonly string[], name: string): string | undefined {
  let joined: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const key = raw[i] as string
    if (key.length !== name.length || (key !== name && key.toLowerCase() !== name)) continue
    joined = joined === undefined ? raw[i + 1] : `${joined},${raw[i + 1]}`
  }
  return joined
}

/** The first value of a header, found without building Node's headers object. `name` is lower-case. */
export function rawHeader(raw: readonly string[], name: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2) {
    const key = raw[i] as string
    if (key.length === name.length && (key === name || key.toLowerCase() === name)) return raw[i + 1]
  }
  return undefined
}
