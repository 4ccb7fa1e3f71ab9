import { Readable } from 'node:stream'
import { milliseconds, OptionError, type Duration } from '../../kernel/index.ts'
import { services, type HttpContext } from '../context.ts'
import { isBodiless } from '../engine/write.ts'
import type { Middleware } from '../middleware.ts'
import type { HttpResponse } from '../response.ts'
import { checkOptions } from './check-options.ts'

export interface AccessLogOptions {
  /** The level of requests that went well; 5xx are always logged as `error`, 4xx as `warn`. @default 'info' */
  readonly level?: 'debug' | 'info'
  /** Paths of requests that are not logged, those below them included; a failed request is logged nevertheless. @default none */
  readonly exclude?: readonly string[]
  /** Requests that are not logged, by what they are or were answered. @default none */
  readonly skip?: (ctx: HttpContext, response: HttpResponse) => boolean
  /** Marks requests that took longer with `slow: true` and logs them as `warn`. A response that streams is measured until it begins. @default '1s' */
  readonly slow?: Duration
  /** Further fields of each line, such as the user agent. @default none */
  readonly fields?: (ctx: HttpContext, response: HttpResponse) => Readonly<Record<string, unknown>>
}

/**
 * Logs each request once its response is complete: method, path without query, route, status, milliseconds, client address and request
 * id, and `aborted: true` where a response that streams was not sent to its end. Use it outermost, so that it sees what is sent.
 */
export function accessLog(options: AccessLogOptions = {}): Middleware {
  checkOptions('accessLog', options, { level: true, exclude: true, skip: true, slow: true, fields: true })
  const { level = 'info', exclude = [], skip, fields } = options
  if (level !== 'info' && level !== 'debug')
    throw new OptionError(`accessLog received the level ${JSON.stringify(level)}; wanted "info" or "debug".`)
  const wrong = exclude.find((path) => !path.startsWith('/'))
  if (wrong !== undefined) throw new OptionError(`accessLog received ${JSON.stringify(wrong)} to exclude; wanted paths such as "/assets".`)
  const slow = milliseconds(options.slow ?? '1s')
  return async function accessLog(ctx, next) {
    const { clock } = ctx[services]
    const start = clock.monotonic()
    const response = await next()
    if (skip?.(ctx, response) === true) return response
    const { status, body } = response
    if (status < 500 && exclude.some((path) => isWithin(ctx.path, path))) return response
    const isSlow = clock.monotonic() - start >= slow
    // The address is gone with the connection.
    const { ip } = ctx
    // Asked for now: an error that a function of the application throws is answered while that is still possible.
    const own = fields?.(ctx, response)
    const write = (aborted: boolean): void => {
      const severity = status >= 500 ? 'error' : status >= 400 || isSlow ? 'warn' : level
      ctx.log[severity](`${ctx.method} ${ctx.path} ${status}`, {
        method: ctx.method,
        path: ctx.path,
        route: ctx.route?.path,
        status,
        durationMs: Math.round((clock.monotonic() - start) * 100) / 100,
        ip,
        requestId: ctx.id,
        ...(isSlow && { slow: true }),
        ...(aborted && { aborted: true }),
        ...own,
      })
    }
    if (body instanceof Readable && !body.closed && ctx.method !== 'HEAD' && !isBodiless(status))
      body.once('close', () => write(!body.readableEnded))
    else write(false)
    return response
  }
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || folder.endsWith('/') || path[folder.length] === '/')
}
