import type { IncomingHttpHeaders } from 'node:http'
import type * as Http2Module from 'node:http2'
import type { Http2ServerRequest } from 'node:http2'

/** A request class for `node:http2` whose headers look as those of HTTP/1 do: no pseudo headers, and `host` from `:authority`. */
export function requestClass(http2: typeof Http2Module): typeof Http2ServerRequest {
  class Request extends http2.Http2ServerRequest {}
  const inherited = Object.getOwnPropertyDescriptors(http2.Http2ServerRequest.prototype)
  // Types know these as plain members, so they cannot be overridden in the class itself. Each is worked out once.
  Object.defineProperties(Request.prototype, {
    headers: {
      get(this: Http2ServerRequest) {
        const value = plainHeaders(inherited.headers.get?.call(this) ?? {}, this.authority)
        Object.defineProperty(this, 'headers', { value })
        return value
      },
    },
    rawHeaders: {
      get(this: Http2ServerRequest) {
        const value = plainRaw(inherited.rawHeaders.get?.call(this) ?? [], this.authority)
        Object.defineProperty(this, 'rawHeaders', { value })
        return value
      },
    },
  })
  return Request
}

/** RFC 9113 section 8.3.1: where both are there, `:authority` counts and not `host`. */
function plainHeaders(all: IncomingHttpHeaders, authority: string | undefined): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(all)) if (!name.startsWith(':')) headers[name] = value
  if (authority !== undefined) headers.host = authority
  return headers
}

function plainRaw(all: readonly string[], authority: string | undefined): string[] {
  const raw = authority === undefined ? [] : ['host', authority]
  for (let i = 0; i < all.length; i += 2) {
    const name = all[i] as string
    if (!name.startsWith(':') && !(name === 'host' && authority !== undefined)) raw.push(name, all[i + 1] as string)
  }
  return raw
}
