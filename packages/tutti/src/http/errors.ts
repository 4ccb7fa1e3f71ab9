import { TuttiError, type ErrorCode, type TuttiErrorOptions } from '../kernel/index.ts'
import type { HeadersInput } from './headers.ts'

/** What an `HttpError` carries besides its status. */
export interface HttpErrorOptions extends TuttiErrorOptions {
  /** The code of the problem document. @default the error's own code */
  readonly problemCode?: string
  /** Sent with the response, such as `Retry-After`. */
  readonly headers?: HeadersInput
  /** An error of 500 or more that is part of normal operation, such as an overload, and is not logged as an error. @default false */
  readonly expected?: boolean
}

/** An error whose message and details are meant for the client, answered as a problem document with this status. */
export class HttpError extends TuttiError {
  readonly headers: HeadersInput | undefined
  readonly problemCode: string
  readonly expected: boolean

  constructor(code: ErrorCode, message: string, options: HttpErrorOptions & { readonly status: number }) {
    super(code, message, options)
    this.headers = options.headers
    this.problemCode = options.problemCode ?? code
    this.expected = options.expected ?? false
  }
}

/**
 * A failure that the client may know of, thrown from anywhere: `throw httpError(409, 'SOLD_OUT', 'Nothing is left of it.')`, or with
 * `{ message, details, headers }` in place of the message.
 */
export function httpError(status: number, code: string, what: string | (HttpErrorOptions & { readonly message: string })): HttpError {
  const { message, ...options } = typeof what === 'string' ? { message: what } : what
  return new HttpError('TUTTI_HTTP_ERROR', message, { ...options, status, problemCode: code })
}

/** 401: nobody is logged in. RFC 9110 section 11.6.1 asks for the challenge. */
export function unauthenticated(message = 'This needs an authenticated caller.', challenge = 'Bearer'): HttpError {
  return new HttpError('TUTTI_UNAUTHENTICATED', message, { status: 401, headers: { 'www-authenticate': challenge } })
}

/** 403: the caller is known and may not do this. */
export function forbidden(message = 'The caller may not do this.'): HttpError {
  return new HttpError('TUTTI_FORBIDDEN', message, { status: 403 })
}
