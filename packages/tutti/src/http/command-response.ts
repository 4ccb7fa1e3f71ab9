import type { Accepted, Rejected } from '../message/index.ts'
import type { HttpContext } from './context.ts'
import { HttpHeaders } from './headers.ts'
import { problemResponse } from './problem.ts'
import { HttpResponse } from './response.ts'
import { statusTitle } from './status.ts'

/**
 * A command that was carried out: its version and position, and the version as entity tag. 202 where the client would have waited longer
 * for what reads show (RFC 7240 section 4.3).
 */
export function accepted(status: number, { version, position }: Accepted, ctx: HttpContext): HttpResponse {
  return new HttpResponse(
    ctx.unsettled && status === 200 ? 202 : status,
    new HttpHeaders(['content-type', 'application/json', 'etag', `"${version}"`]),
    JSON.stringify({ version, position }),
  )
}

/** A command that was rejected: a problem with its code and details, with 409 unless the route's `rejections` say otherwise. */
export function rejected({ code, details }: Rejected, ctx: HttpContext): HttpResponse {
  const status = ctx.route?.options.rejections?.[code] ?? 409
  return problemResponse({ ...details, title: statusTitle(status), status, code, requestId: ctx.id })
}
