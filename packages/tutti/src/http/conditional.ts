import type { HttpContext } from './context.ts'
import { parseHttpDate } from './http-date.ts'

/** What a representation is told apart by. */
export interface Validators {
  /** With its quotes, and `W/` if weak. */
  readonly etag?: string | undefined
  /** As an HTTP date. */
  readonly lastModified?: string | undefined
}

/**
 * What the preconditions of a request say about the current representation, in the order of RFC 9110 section 13.2.2: go on,
 * answer 304 (GET and HEAD alone), or answer 412.
 */
export function evaluatePreconditions(ctx: HttpContext, validators: Validators): 'proceed' | 'not-modified' | 'failed' {
  if (failsExpectation(ctx, validators)) return 'failed'
  const safe = ctx.method === 'GET' || ctx.method === 'HEAD'
  if (holdsAlready(ctx, validators, safe)) return safe ? 'not-modified' : 'failed'
  return 'proceed'
}

/** Whether the client has this representation already: then GET and HEAD are answered with 304. */
export function isNotModified(ctx: HttpContext, validators: Validators): boolean {
  return holdsAlready(ctx, validators, true)
}

/**
 * Whether a request must be answered with 412 because the representation is not the one it is for (`If-Match`, `If-Unmodified-Since`),
 * or because a change was asked for only where there is none (`If-None-Match`). Give no validators where nothing exists yet.
 */
export function preconditionFails(ctx: HttpContext, validators?: Validators): boolean {
  if (validators === undefined) return ctx.source.headers['if-match'] !== undefined
  return evaluatePreconditions(ctx, validators) === 'failed'
}

/** Whether `Range` counts: without `If-Range`, or where that names exactly this representation (RFC 9110 section 13.1.5). */
export function rangeApplies(ctx: HttpContext, { etag, lastModified }: Validators): boolean {
  const condition = headerText(ctx, 'if-range')
  if (condition === undefined) return true
  // A weak tag never qualifies: parts of bodies that are merely alike must not be put together.
  if (condition.startsWith('"') || condition.startsWith('W/')) return etag !== undefined && !etag.startsWith('W/') && condition === etag
  const asked = parseHttpDate(condition)
  return asked !== undefined && lastModified !== undefined && asked === parseHttpDate(lastModified)
}

/** `If-Match` and, without it, `If-Unmodified-Since`. */
function failsExpectation(ctx: HttpContext, { etag, lastModified }: Validators): boolean {
  const match = headerText(ctx, 'if-match')
  if (match !== undefined) return match !== '*' && (etag === undefined || etag.startsWith('W/') || !tagsOf(match).includes(etag))
  const since = headerText(ctx, 'if-unmodified-since')
  if (since === undefined || lastModified === undefined) return false
  const [asked, modified] = [parseHttpDate(since), parseHttpDate(lastModified)]
  return asked !== undefined && modified !== undefined && modified > asked
}

/** `If-None-Match` and, without it, `If-Modified-Since`, which counts for GET and HEAD alone. */
function holdsAlready(ctx: HttpContext, { etag, lastModified }: Validators, safe: boolean): boolean {
  const noneMatch = headerText(ctx, 'if-none-match')
  if (noneMatch !== undefined)
    return noneMatch === '*' || (etag !== undefined && tagsOf(noneMatch).some((tag) => opaque(tag) === opaque(etag)))
  const since = safe ? headerText(ctx, 'if-modified-since') : undefined
  if (since === undefined || lastModified === undefined) return false
  const [asked, modified] = [parseHttpDate(since), parseHttpDate(lastModified)]
  return asked !== undefined && modified !== undefined && modified <= asked
}

/** The tags of a list; a comma inside of one does not end it. */
function tagsOf(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? []
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

function headerText(
  ctx: HttpContext,
  name: 'if-match' | 'if-none-match' | 'if-modified-since' | 'if-unmodified-since' | 'if-range',
): string | undefined {
  const value = ctx.source.headers[name]
  return typeof value === 'string' ? value.trim() : undefined
}
