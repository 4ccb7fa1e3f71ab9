import { TuttiError } from '../kernel/index.ts'
import { ValidationError } from '../schema/index.ts'
import type { HttpContext } from './context.ts'
import { HttpError } from './errors.ts'
import { HttpHeaders } from './headers.ts'
import { HttpResponse } from './response.ts'
import { statusTitle } from './status.ts'

/** A problem document (RFC 9457) as Tutti writes it. */
export interface ProblemDocument {
  /** A URI for the kind of problem; `about:blank` means that the status says it all. */
  readonly type?: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  /** Stable and meant for programs: `TUTTI_VALIDATION`, `NOT_FOUND`, or a rejection code of your own. */
  readonly code: string
  /** The request's id, to find it in logs and traces. */
  readonly requestId?: string
  /** Each thing that is wrong with the request. */
  readonly errors?: readonly { readonly path: string; readonly message: string; readonly code: string }[]
}

/** A response that carries a problem document. */
export function problemResponse(problem: ProblemDocument & Readonly<Record<string, unknown>>): HttpResponse {
  return new HttpResponse(
    problem.status,
    new HttpHeaders(['content-type', 'application/problem+json', 'cache-control', 'no-store']),
    JSON.stringify(problem),
  )
}

/** The problem of a bare status, as `reply(404)` answers it: its code is the title in capitals. */
export function statusProblem(status: number, ctx: HttpContext): HttpResponse {
  const title = statusTitle(status)
  return problemResponse({ title, status, code: title.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_'), requestId: ctx.id })
}

/**
 * The response for something thrown. An error made for the client (status below 500) tells its message, code and details;
 * anything else is logged once with its stack and answered without it. A 503 such as that of an open circuit breaker is a part of
 * operation: it tells its code, and in `Retry-After` what its `details.retryAfter` says, and is logged as a warning without a stack.
 */
export function errorResponse(thrown: unknown, ctx: HttpContext): HttpResponse {
  const error = TuttiError.from(thrown)
  const status = error.status >= 400 && error.status <= 599 ? error.status : 500
  const exposed = status < 500 || error instanceof HttpError
  const unavailable = status === 503 && !(error instanceof HttpError) && error.code !== 'TUTTI_INTERNAL'
  if (unavailable) ctx.log.warn(error.message, { code: error.code, requestId: ctx.id, route: ctx.route?.path })
  else if (status >= 500 && !(error instanceof HttpError && error.expected))
    ctx.log.error(error.message, { error: thrown, requestId: ctx.id, route: ctx.route?.path })
  const response = problemResponse({
    ...(exposed && error.code !== 'TUTTI_INTERNAL' ? error.details : undefined),
    title: statusTitle(status),
    status,
    ...(exposed ? { detail: error.message } : undefined),
    code: error instanceof HttpError ? error.problemCode : exposed || unavailable ? error.code : 'TUTTI_INTERNAL',
    requestId: ctx.id,
    ...(error instanceof ValidationError ? { errors: error.problems } : undefined),
  })
  const { retryAfter } = error.details
  if (unavailable) response.headers.set('retry-after', typeof retryAfter === 'number' ? retryAfter : 1)
  if (error instanceof HttpError && error.headers) response.headers.assign(error.headers)
  return response
}
