import type { Transform } from 'node:stream'
import { services, type HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import { rawHeader } from '../source.ts'
import type { BodyEncoding } from './encodings.ts'

/**
 * What decompresses the body of a request; `undefined` where it is not compressed. Throws 415 for encodings that are unknown or not
 * taken here, and for several at once, which nobody sends in good faith.
 */
export function decoderOf(ctx: HttpContext): Transform | undefined {
  const header = rawHeader(ctx.source.rawHeaders, 'content-encoding')
  if (header === undefined) return undefined
  const name = header.trim().toLowerCase()
  if (name === '' || name === 'identity') return undefined
  const taken = ctx[services].bodyEncodings
  const encoding = taken.find((known) => known === (name === 'x-gzip' ? 'gzip' : name))
  if (encoding !== undefined) return create(encoding)
  const list = taken.length === 0 ? 'identity' : taken.join(', ')
  throw new HttpError(
    'TUTTI_CONTENT_ENCODING_UNSUPPORTED',
    `Received a body with Content-Encoding ${JSON.stringify(header)}; this takes ${list}.`,
    {
      status: 415,
      headers: { 'accept-encoding': list },
    },
  )
}

function create(encoding: BodyEncoding): Transform {
  const zlib = process.getBuiltinModule('node:zlib')
  if (encoding === 'gzip') return zlib.createGunzip()
  if (encoding === 'br') return zlib.createBrotliDecompress()
  return encoding === 'deflate' ? zlib.createInflate() : zlib.createZstdDecompress()
}
