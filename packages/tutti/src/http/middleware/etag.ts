import { isNotModified } from '../conditional.ts'
import { discardBody } from '../engine/write.ts'
import type { Middleware } from '../middleware.ts'
import { HttpResponse } from '../response.ts'
import { checkOptions } from './check-options.ts'

export interface EtagOptions {
  /** Makes weak tags, for bodies that are equal in meaning though not in bytes. @default false */
  readonly weak?: boolean
}

/** What describes the body that a 304 does not have. */
const bodyHeaders = ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-range']

/**
 * Tags what GET answers with a hash of its body, and answers 304 where the client has it already (RFC 9110 section 8.8.3). Streams and
 * what may not be stored get no tag; a tag or a date of the handler's own is used as it is.
 */
export function etag(options: EtagOptions = {}): Middleware {
  checkOptions('etag', options, { weak: true })
  const prefix = options.weak === true ? 'W/' : ''
  return async function etag(ctx, next) {
    const response = await next()
    const { body, status, headers } = response
    if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || status !== 200) return response
    const whole = typeof body === 'string' || body instanceof Uint8Array
    if (whole && !headers.has('etag') && !/\bno-store\b/i.test(headers.get('cache-control') ?? '')) {
      headers.set('etag', `${prefix}"${process.getBuiltinModule('node:crypto').hash('sha1', body, 'base64url')}"`)
    }
    const validators = { etag: headers.get('etag'), lastModified: headers.get('last-modified') }
    if ((validators.etag === undefined && validators.lastModified === undefined) || !isNotModified(ctx, validators)) return response
    discardBody(response)
    for (const name of bodyHeaders) headers.delete(name)
    return new HttpResponse(304, headers, null)
  }
}
