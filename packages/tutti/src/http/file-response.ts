import { evaluatePreconditions, rangeApplies } from './conditional.ts'
import type { HttpContext } from './context.ts'
import { HttpError } from './errors.ts'
import { FileBody, readWhole } from './file-body.ts'
import { HttpHeaders, type HeadersInput } from './headers.ts'
import type { OpenFile } from './open-file.ts'
import { parseRanges, type ByteRange } from './ranges.ts'
import { HttpResponse, type ResponseBody } from './response.ts'

/** How a file is sent. */
export interface FileHead {
  readonly contentType: string
  readonly cacheControl: string
  readonly etag: boolean | 'weak'
  readonly lastModified: boolean
  /** Tells variants of the same file apart, such as `br`. */
  readonly variant?: string | undefined
  /** Further headers. */
  readonly headers: HeadersInput
}

/** A file that changes again within this time, in milliseconds, could keep its size and time: its tag is weak until then. */
const settleTime = 2000
/** What is no larger than this is sent in one piece. */
const smallSize = 64 * 1024

/**
 * Answers with an opened file, and closes it: preconditions first (304, 412), then ranges (206, 416), in the order of RFC 9110
 * section 13.2.2. Only GET and HEAD have either.
 */
export async function fileResponse(ctx: HttpContext, file: OpenFile, head: FileHead): Promise<HttpResponse> {
  let kept = false
  try {
    const response = await answer(ctx, file, head)
    kept = response.body instanceof FileBody
    return response
  } finally {
    if (!kept) await file.handle.close()
  }
}

async function answer(ctx: HttpContext, file: OpenFile, head: FileHead): Promise<HttpResponse> {
  const { size } = file
  const validators = {
    etag: head.etag === false ? undefined : etagOf(file, head),
    lastModified: head.lastModified ? new Date(file.modified).toUTCString() : undefined,
  }
  const headers = new HttpHeaders()
  headers.assign({
    etag: validators.etag,
    'last-modified': validators.lastModified,
    'cache-control': head.cacheControl,
    'accept-ranges': 'bytes',
    ...head.headers,
  })
  const isGet = ctx.method === 'GET'
  if (isGet || ctx.method === 'HEAD') {
    const verdict = evaluatePreconditions(ctx, validators)
    if (verdict === 'failed')
      throw new HttpError('TUTTI_PRECONDITION_FAILED', 'The file is not the one that the request is for.', { status: 412 })
    if (verdict === 'not-modified') {
      headers.delete('content-encoding')
      headers.delete('content-disposition')
      return new HttpResponse(304, headers, null)
    }
  }
  headers.assign({ 'content-type': head.contentType, 'x-content-type-options': 'nosniff' })
  const asked = ctx.source.headers.range
  const ranges = isGet && asked !== undefined && rangeApplies(ctx, validators) ? parseRanges(asked, size) : undefined
  if (ranges === undefined) return whole(ctx, file, headers)
  const [first, ...more] = ranges
  if (first === undefined) {
    throw new HttpError('TUTTI_RANGE_NOT_SATISFIABLE', `Received the range ${JSON.stringify(asked)} of a file with ${size} bytes.`, {
      status: 416,
      headers: { 'content-range': `bytes */${size}` },
    })
  }
  return more.length === 0
    ? single(ctx, file, { headers, range: first })
    : multiple(ctx, file, { headers, ranges, contentType: head.contentType })
}

async function whole(ctx: HttpContext, file: OpenFile, headers: HttpHeaders): Promise<HttpResponse> {
  headers.set('content-length', file.size)
  if (ctx.method === 'HEAD') return new HttpResponse(200, headers, null)
  return new HttpResponse(200, headers, file.size === 0 ? Buffer.alloc(0) : await bodyOf(ctx, file, { start: 0, end: file.size - 1 }))
}

async function single(
  ctx: HttpContext,
  file: OpenFile,
  { headers, range }: { readonly headers: HttpHeaders; readonly range: ByteRange },
): Promise<HttpResponse> {
  headers.set('content-range', contentRange(range, file.size))
  headers.set('content-length', range.end - range.start + 1)
  return new HttpResponse(206, headers, await bodyOf(ctx, file, range))
}

/** `multipart/byteranges` (RFC 9110 section 14.6). */
function multiple(
  ctx: HttpContext,
  file: OpenFile,
  { headers, ranges, contentType }: { readonly headers: HttpHeaders; readonly ranges: readonly ByteRange[]; readonly contentType: string },
): HttpResponse {
  const boundary = process.getBuiltinModule('node:crypto').randomUUID()
  const pieces = ranges.flatMap((range, i) => [
    Buffer.from(
      `${i === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(range, file.size)}\r\n\r\n`,
    ),
    range,
  ])
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`))
  headers.set('content-type', `multipart/byteranges; boundary=${boundary}`)
  headers.set(
    'content-length',
    pieces.reduce((sum, piece) => sum + (Buffer.isBuffer(piece) ? piece.length : piece.end - piece.start + 1), 0),
  )
  return new HttpResponse(206, headers, stream(ctx, file, pieces))
}

async function bodyOf(ctx: HttpContext, file: OpenFile, range: ByteRange): Promise<ResponseBody> {
  if (range.end - range.start < smallSize) return readWhole(file.handle, range)
  return stream(ctx, file, [range])
}

function stream(ctx: HttpContext, { handle }: OpenFile, pieces: readonly (ByteRange | Buffer)[]): FileBody {
  const body = new FileBody(handle, pieces)
  // Whatever becomes of the response, the file is closed with it.
  ctx.exchange.once('close', () => body.destroy())
  return body
}

function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`
}

function etagOf({ size, modified }: OpenFile, { etag, variant }: FileHead): string {
  const tag = `"${size.toString(36)}-${Math.floor(modified * 1000).toString(36)}${variant === undefined ? '' : `-${variant}`}"`
  return etag === 'weak' || Date.now() - modified < settleTime ? `W/${tag}` : tag
}
