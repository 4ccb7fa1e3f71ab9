import type { HttpContext } from '../context.ts'
import { HttpHeaders } from '../headers.ts'
import { hasCspNonce } from '../middleware/content-security-policy.ts'
import type { HttpResponse } from '../response.ts'

/** What of a response is kept. */
export interface Kept {
  readonly headers: readonly string[]
  readonly body: string | Uint8Array | null
  /** The request headers that it varies by. */
  readonly varies: readonly string[]
}

/** What is about one connection or one request (RFC 9111 section 3.1), not about the response. */
const momentary = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-request-id|ratelimit-.*|server-timing)$/

/**
 * What may be kept of a response: a 200 with its whole body at hand that forbids nothing and sets no cookie. `before` is what
 * `ctx.responseHeaders` held before the response was made; what came to it since belongs to the response.
 */
export function keepable(ctx: HttpContext, { status, headers, body }: HttpResponse, before: readonly string[]): Kept | undefined {
  if (status !== 200 || !(body === null || typeof body === 'string' || body instanceof Uint8Array)) return undefined
  const all = new HttpHeaders([...headers.raw])
  if (ctx.hasResponseHeaders) addNew(all, ctx.responseHeaders.raw, before)
  const varies = all.getAll('vary').flatMap((value) =>
    value
      .toLowerCase()
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  )
  // A page with a nonce is for one request alone.
  if (all.has('set-cookie') || varies.includes('*') || hasCspNonce(ctx)) return undefined
  if (all.getAll('cache-control').some((value) => /\b(?:no-store|no-cache|private)\b/i.test(value))) return undefined
  const lasting = [...all].filter(([name]) => !momentary.test(name))
  // A copy: the memory of a small buffer may be a part of a large one, and its owner may write into it again.
  return { headers: lasting.flat(), body: body instanceof Uint8Array ? new Uint8Array(body) : body, varies }
}

function addNew(all: HttpHeaders, raw: readonly string[], before: readonly string[]): void {
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i] as string, raw[i + 1] as string]
    if (before[i] === name && before[i + 1] === value) continue
    if (name === 'set-cookie' || name === 'vary') all.append(name, value)
    else all.set(name, value)
  }
}
