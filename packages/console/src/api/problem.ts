/** What the API, or the way to it, answered instead of what was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The HTTP status; 0 where no answer came. */
  readonly status: number
  /** The stable code of the problem, such as `RUN_NOT_FOUND`. */
  readonly code: string | undefined
  /** What to do about it, in words. */
  readonly advice: string | undefined

  constructor(
    status: number,
    text: { readonly message: string; readonly code?: string | undefined; readonly advice?: string | undefined },
  ) {
    super(text.message)
    this.status = status
    this.code = text.code
    this.advice = text.advice
  }
}

const advice: Readonly<Record<number, string>> = {
  401: 'Sign in to the application, then load the page again.',
  403: 'The Console may be read-only, or you may lack the rights for this.',
  404: 'It may have been removed, or kept for a shorter time than you look back.',
  429: 'Too much was asked for at once. Wait a moment.',
  503: 'The application starts or stops. Try again in a moment.',
}

/** Makes a problem document (RFC 9457) into an error that can be shown. */
export function problemOf(status: number, body: unknown): ApiError {
  const text = (name: string): string | undefined => {
    const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const message = text('detail') ?? text('title') ?? text('message') ?? `The application answered with status ${status}.`
  return new ApiError(status, { message, code: text('code'), advice: advice[status] })
}

/** Any failure as an `ApiError`: what is thrown by `fetch` tells only that there was no answer. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const message = error instanceof TypeError ? 'The application does not answer.' : error instanceof Error ? error.message : String(error)
  return new ApiError(0, { message, advice: 'Look whether it still runs; the page tries again by itself.' })
}
