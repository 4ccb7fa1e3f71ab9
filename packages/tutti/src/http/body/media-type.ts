import type { HttpContext } from '../context.ts'
import { rawHeader } from '../source.ts'
import { unsupported } from './errors.ts'

/** The media type of a `Content-Type`, in lower case and without parameters. */
function mediaType(contentType: string | undefined): string {
  if (contentType === undefined) return ''
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

/** The media type of a request's body. */
export function bodyType(ctx: HttpContext): string {
  return mediaType(rawHeader(ctx.source.rawHeaders, 'content-type'))
}

/** Whether a media type is one of `ranges`, such as `image/png` or `image/*`; an asterisk for both halves is any. */
export function matchesType(type: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => range === type || range === '*/*' || (range.endsWith('/*') && type.startsWith(range.slice(0, -1))))
}

/** Throws 415 for a body of a type that is not taken. */
export function requireType(ctx: HttpContext, taken: readonly string[]): void {
  const type = bodyType(ctx)
  if (!matchesType(type, taken)) throw unsupported(type, taken)
}
