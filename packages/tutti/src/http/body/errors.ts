import { HttpError } from '../errors.ts'

/** The error of a body over its limit. */
export function bodyTooLarge(limit: number): HttpError {
  return new HttpError('TUTTI_BODY_TOO_LARGE', `The request body is larger than the ${limit} bytes that are allowed here.`, {
    status: 413,
    details: { limit },
  })
}

/** The error of a body that ends before it is complete; nobody reads the answer. */
export function bodyIncomplete(cause?: unknown): HttpError {
  return new HttpError('TUTTI_BODY_INCOMPLETE', 'The request ended before its body was complete.', { status: 400, cause })
}

/** The error of a body whose media type is not taken. */
export function unsupported(type: string, taken: readonly string[]): HttpError {
  return new HttpError(
    'TUTTI_MEDIA_TYPE_UNSUPPORTED',
    `Received a body of type ${type === '' ? '(none: there is no Content-Type)' : JSON.stringify(type)}; this takes ${taken.join(', ')}.`,
    { status: 415, headers: { accept: taken.join(', ') } },
  )
}
