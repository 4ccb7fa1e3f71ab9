import { OptionError } from '../../kernel/index.ts'
import type { Middleware } from '../middleware.ts'
import { checkOptions, isHeaderName } from './check-options.ts'

export interface RequestIdOptions {
  /** The response header. @default 'x-request-id' */
  readonly header?: string
}

/**
 * Sends `ctx.id`, which logs and problem documents name, with every response. That is a well-formed `X-Request-Id` of a trusted proxy,
 * else a new UUIDv7.
 */
export function requestId(options: RequestIdOptions = {}): Middleware {
  checkOptions('requestId', options, { header: true })
  const { header = 'x-request-id' } = options
  if (!isHeaderName(header))
    throw new OptionError(`requestId received the header ${JSON.stringify(header)}; wanted a name such as "x-request-id".`)
  return async function requestId(ctx, next) {
    ctx.responseHeaders.set(header, ctx.id)
    return next()
  }
}
