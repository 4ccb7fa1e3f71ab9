import type { HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import type { WsOptions } from './options.ts'

/**
 * Compiles the check of the Origin header. Browsers send a user's cookies along whatever page opens a WebSocket (cross-site WebSocket
 * hijacking), and nothing but this header tells whose page it is (RFC 6455 section 10.2).
 */
export function compileOrigin(origin: WsOptions['origin'] = 'same'): (ctx: HttpContext) => Promise<void> {
  return async (ctx) => {
    const { origin: received } = ctx.source.headers
    if (received === undefined || origin === '*') return
    const allowed =
      typeof origin === 'function' ? await origin(received, ctx) : origin === 'same' ? isSameHost(received, ctx) : origin.includes(received)
    if (allowed !== true) {
      throw new HttpError(
        'TUTTI_ORIGIN_REFUSED',
        `Pages of ${JSON.stringify(received)} may not open this WebSocket; its route allows origins with the option origin.`,
        { status: 403 },
      )
    }
  }
}

/** Hosts and ports are compared, not schemes: what ends TLS in front of the application is seldom known to it. */
function isSameHost(origin: string, ctx: HttpContext): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host } = new URL(origin)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  // The origin leaves its scheme's default port out; the Host header may not have.
  return new URL(`${protocol}//${ctx.host}`).host === host
}
