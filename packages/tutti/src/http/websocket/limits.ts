import { bytes, milliseconds } from '../../kernel/index.ts'
import type { WsOptions } from './options.ts'

/** The limits of a route's sockets, in bytes and milliseconds. */
export interface SocketLimits {
  readonly maxMessageSize: number
  readonly maxQueue: number
  readonly concurrency: number
  readonly maxBacklog: number
  readonly closeOnBacklog: boolean
  readonly closeOnInvalid: boolean
  readonly heartbeat: number
  readonly idleTimeout: number
  readonly compress: boolean
  readonly maxConnections: number
}

/** Works the defaults in. */
export function resolveSocketLimits(options: WsOptions): SocketLimits {
  return {
    maxMessageSize: bytes(options.maxMessageSize ?? '1mb'),
    maxQueue: options.maxQueue ?? 16,
    concurrency: options.concurrency ?? 1,
    maxBacklog: bytes(options.maxBacklog ?? '1mb'),
    closeOnBacklog: options.onBacklog !== 'drop',
    closeOnInvalid: options.onInvalid === 'close',
    heartbeat: milliseconds(options.heartbeat ?? '30s'),
    idleTimeout: milliseconds(options.idleTimeout ?? 0),
    compress: options.compress ?? false,
    maxConnections: options.maxConnections ?? Number.POSITIVE_INFINITY,
  }
}
