import type { IncomingMessage } from 'node:http'
import { hasBody } from '../body/collect.ts'
import type { HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import type { WsOptions } from './options.ts'

const keyPattern = /^[A-Za-z\d+/]{21}[AQgw]==$/
const token = /^[\w!#$%&'*+.^`|~-]+$/

/** Whether a request asks to become a WebSocket: a GET without a body (RFC 6455 section 4.1). Other offers may be ignored (RFC 9110 section 7.8). */
export function asksForWebSocket(request: IncomingMessage): boolean {
  const upgrade = request.headers.upgrade?.toLowerCase().split(/\s*,\s*/)
  return request.method === 'GET' && upgrade?.includes('websocket') === true && !hasBody(request)
}

/** Checks the client's handshake (RFC 6455 section 4.2.1): throws 400, or 426 for another version of the protocol. */
export function checkHandshake(ctx: HttpContext): void {
  const { headers } = ctx.source
  const version = headers['sec-websocket-version']
  if (version !== '13') {
    throw new HttpError(
      'TUTTI_HANDSHAKE_INVALID',
      `The client speaks version ${JSON.stringify(version)} of the WebSocket protocol; wanted 13.`,
      {
        status: 426,
        headers: { 'sec-websocket-version': '13', upgrade: 'websocket', connection: 'upgrade' },
      },
    )
  }
  const key = headers['sec-websocket-key']
  if (typeof key !== 'string' || !keyPattern.test(key)) {
    throw new HttpError(
      'TUTTI_HANDSHAKE_INVALID',
      'The header Sec-WebSocket-Key is missing or not 16 bytes in base64; wanted a handshake as in RFC 6455.',
      { status: 400 },
    )
  }
}

/** Picks the subprotocol; throws 400 where the client's offer is malformed, or has none of those that the route speaks. */
export function chooseProtocol(ctx: HttpContext, protocols: WsOptions['protocols']): string | undefined {
  const header = ctx.source.headers['sec-websocket-protocol']
  if (header === undefined) return undefined
  const offered = header.split(',').map((item) => item.trim())
  if (!offered.every((item) => token.test(item)) || new Set(offered).size !== offered.length) {
    throw new HttpError('TUTTI_HANDSHAKE_INVALID', 'The header Sec-WebSocket-Protocol is not a list of different names.', { status: 400 })
  }
  if (protocols === undefined) return undefined
  const chosen = typeof protocols === 'function' ? protocols(offered, ctx) : offered.find((item) => protocols.includes(item))
  if (chosen === undefined && typeof protocols !== 'function') {
    throw new HttpError(
      'TUTTI_HANDSHAKE_INVALID',
      `The client offers the subprotocols ${offered.join(', ')}; spoken here are ${protocols.join(', ')}.`,
      { status: 400 },
    )
  }
  // Answering with one that was not offered would make the client close the connection (RFC 6455 section 4.1).
  return chosen !== undefined && offered.includes(chosen) ? chosen : undefined
}
