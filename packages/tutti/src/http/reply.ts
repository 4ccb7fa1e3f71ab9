import type { HttpContext } from './context.ts'
import { OptionError } from '../kernel/index.ts'
import type { HeadersInput } from './headers.ts'
import type { HttpResponse } from './response.ts'

/** The method by which a value that a handler returns makes its own response: how files, event streams and command results answer. */
export const toResponse: unique symbol = Symbol.for('tutti.http.toResponse')

/** A value that knows how it is answered over HTTP. */
export interface Respondable {
  [toResponse](ctx: HttpContext): HttpResponse | Promise<HttpResponse>
}

/** A status with a body and headers; made by `reply`. */
export class Reply<Status extends number = number, Body = unknown> {
  readonly status: Status
  readonly body: Body
  readonly headers: HeadersInput | undefined

  constructor(status: Status, body: Body, headers?: HeadersInput) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/**
 * Answers with a status, and a body and headers if given. A status of 400 or more without a body is answered as a problem
 * document (RFC 9457). Throws `TUTTI_OPTION_INVALID` for a status outside 200 to 599.
 */
export function reply<const Status extends number>(status: Status): Reply<Status, undefined>
export function reply<const Status extends number, Body>(status: Status, body: Body, headers?: HeadersInput): Reply<Status, Body>
export function reply(status: number, body?: unknown, headers?: HeadersInput): Reply {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new OptionError(`reply received the status ${String(status)}; wanted a whole number from 200 to 599.`)
  }
  return new Reply(status, body, headers)
}

/** The statuses of `redirect`: 301 and 308 are permanent, 303 turns into GET, 307 and 308 keep the method. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308

/** Sends the client to another URL. Characters that are not allowed in a URL are percent-encoded. */
export function redirect(location: string | URL, status: RedirectStatus = 302): Reply<RedirectStatus, undefined> {
  return new Reply(status, undefined, { location: encodeURI(String(location)).replaceAll(/%25([0-9a-f]{2})/gi, '%$1') })
}
