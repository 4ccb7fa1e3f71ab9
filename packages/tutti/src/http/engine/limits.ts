import { bytes, milliseconds, type Duration, type Size } from '../../kernel/index.ts'

/** How long and how much a server waits for and takes from clients. */
export interface ServerLimits {
  /** From the first byte of a request to the end of its head. @default '10s' */
  readonly headersTimeout?: Duration
  /** From the first byte of a request to the end of its body. @default '60s' */
  readonly requestTimeout?: Duration
  /** How long a connection may wait for its next request; longer than that of the proxy in front. @default '72s' */
  readonly keepAliveTimeout?: Duration
  /** How long a connection may be silent in the middle of a request or response; 0 waits for ever. @default 0 */
  readonly idleTimeout?: Duration
  /** The largest request head. @default '16kb' */
  readonly maxHeaderSize?: Size
  /** The most header fields of a request. @default 200 */
  readonly maxHeaders?: number
  /** The most connections at a time; more are closed at once. @default no limit */
  readonly maxConnections?: number
}

/** `ServerLimits` in milliseconds and bytes. */
export interface ResolvedLimits {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
  readonly idleTimeout: number
  readonly maxHeaderSize: number
  readonly maxHeaders: number
  readonly maxConnections: number | undefined
  /** How often the two request time-outs are looked at. */
  readonly checkInterval: number
}

/** Works the defaults in and checks the values. */
export function resolveLimits(limits: ServerLimits): ResolvedLimits {
  const headersTimeout = milliseconds(limits.headersTimeout ?? '10s')
  const requestTimeout = milliseconds(limits.requestTimeout ?? '60s')
  return {
    headersTimeout: requestTimeout > 0 ? Math.min(headersTimeout, requestTimeout) : headersTimeout,
    requestTimeout,
    keepAliveTimeout: milliseconds(limits.keepAliveTimeout ?? '72s'),
    idleTimeout: milliseconds(limits.idleTimeout ?? 0),
    maxHeaderSize: bytes(limits.maxHeaderSize ?? '16kb'),
    maxHeaders: limits.maxHeaders ?? 200,
    maxConnections: limits.maxConnections,
    checkInterval: Math.min(30_000, Math.max(250, Math.floor(headersTimeout / 4))),
  }
}
