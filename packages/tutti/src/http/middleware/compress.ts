import { pipeline, Readable, type Transform } from 'node:stream'
import { bytes, OptionError, type Size } from '../../kernel/index.ts'
import { discardBody } from '../engine/write.ts'
import type { Middleware } from '../middleware.ts'
import { negotiate } from '../negotiate.ts'
import type { HttpResponse } from '../response.ts'
import { rawHeader } from '../source.ts'
import { checkOptions, stateless } from './check-options.ts'

const encodings = ['br', 'zstd', 'gzip'] as const

/** A content encoding that responses can be sent in. */
export type CompressEncoding = (typeof encodings)[number]

export interface CompressOptions {
  /** Bodies that are smaller are sent as they are. @default '1kb' */
  readonly threshold?: Size
  /** In order of preference, where the client likes several equally. @default br, zstd, gzip */
  readonly encodings?: readonly CompressEncoding[]
  /** Which media types are worth it. @default text, JSON, XML, JavaScript, SVG, WebAssembly */
  readonly types?: RegExp
  /** How hard to try, from 1 (fast) to 9 (small): the quality of br, the level of zstd and gzip. @default 4 */
  readonly level?: number
}

const compressible =
  /^(?:text\/|application\/(?:.*\+)?(?:json|xml|javascript|wasm|graphql|x-ndjson|manifest)|image\/(?:svg\+xml|bmp|x-icon)|font\/(?:ttf|otf))/i

/**
 * Compresses what the client can take and what is worth it. Bodies at hand are compressed off the main thread; streams as they flow, each
 * chunk flushed. Left alone: ranges, encoded bodies and `Cache-Control: no-transform`, event streams of `sse` among them. Strong ETags
 * become weak, as the bytes differ. Don't compress pages that repeat what a stranger sent beside a secret (BREACH): leave those routes out.
 */
export function compress(options: CompressOptions = {}): Middleware {
  checkOptions('compress', options, { threshold: true, encodings: true, types: true, level: true })
  const threshold = bytes(options.threshold ?? '1kb')
  const types = stateless(options.types ?? compressible)
  const level = options.level ?? 4
  const offers = options.encodings ?? encodings
  for (const offer of offers) {
    if (!encodings.includes(offer))
      throw new OptionError(`compress received the encoding ${JSON.stringify(offer)}; wanted one of ${encodings.join(', ')}.`)
  }
  if (!(Number.isInteger(level) && level >= 1 && level <= 9))
    throw new OptionError(`compress received the level ${String(level)}; wanted a whole number from 1 to 9.`)

  return async function compress(ctx, next) {
    const response = await next()
    if (response.status === 304) return unchanged(response, ctx.source.headers['if-none-match'])
    if (!isWorthIt(response, types, threshold)) return response
    const { body, headers } = response
    headers.vary('Accept-Encoding')
    const chosen = choose(rawHeader(ctx.source.rawHeaders, 'accept-encoding'), offers)
    if (chosen === undefined) return response
    if (ctx.method === 'HEAD') {
      // How long the compressed body would be is not worth compressing it.
      discardBody(response)
      response.body = null
    } else if (body instanceof Readable) response.body = pipe(body, stream(chosen, level))
    else {
      const whole = typeof body === 'string' ? Buffer.from(body) : (body as Uint8Array)
      const smaller = await squeeze(chosen, whole, level)
      // What is random or packed already only grows.
      if (smaller.byteLength >= whole.byteLength) return response
      response.body = smaller
    }
    headers.set('content-encoding', chosen)
    headers.delete('content-length')
    headers.delete('accept-ranges')
    const tag = headers.get('etag')
    if (tag !== undefined && !tag.startsWith('W/')) headers.set('etag', `W/${tag}`)
    return response
  }
}

/** A 304 says what the 200 would have said (RFC 9110 section 15.4.5): what varies, and the weak tag where the client holds a compressed body. */
function unchanged(response: HttpResponse, held: string | undefined): HttpResponse {
  const { headers } = response
  headers.vary('Accept-Encoding')
  const tag = headers.get('etag')
  if (tag !== undefined && !tag.startsWith('W/') && held?.includes(`W/${tag}`) === true) headers.set('etag', `W/${tag}`)
  return response
}

function isWorthIt({ status, headers, body }: HttpResponse, types: RegExp, threshold: number): boolean {
  if (body === null || status < 200 || status === 204 || status === 206 || headers.has('content-encoding') || headers.has('content-range'))
    return false
  if (!types.test(headers.get('content-type') ?? '') || /\bno-transform\b/i.test(headers.get('cache-control') ?? '')) return false
  const known =
    typeof body === 'string'
      ? Buffer.byteLength(body)
      : body instanceof Uint8Array
        ? body.byteLength
        : Number(headers.get('content-length') ?? Number.POSITIVE_INFINITY)
  return known >= threshold
}

/** The encoding the client likes best; `undefined` where it names none, or prefers none at all (RFC 9110 section 12.5.3). */
function choose(accept: string | undefined, offers: readonly CompressEncoding[]): CompressEncoding | undefined {
  if (accept === undefined || accept.trim() === '') return undefined
  const best = negotiate(accept, [...offers, 'identity'])
  return offers.find((offer) => offer === best)
}

function tuning(encoding: CompressEncoding, level: number): { readonly params?: Record<number, number>; readonly level?: number } {
  const { constants } = process.getBuiltinModule('node:zlib')
  if (encoding === 'gzip') return { level }
  return encoding === 'br'
    ? { params: { [constants.BROTLI_PARAM_QUALITY]: level } }
    : { params: { [constants.ZSTD_c_compressionLevel]: level } }
}

function squeeze(encoding: CompressEncoding, body: Uint8Array, level: number): Promise<Buffer> {
  const { brotliCompress, gzip, zstdCompress } = process.getBuiltinModule('node:zlib')
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, result: Buffer): void => (error === null ? resolve(result) : reject(error))
    if (encoding === 'br') brotliCompress(body, tuning(encoding, level), done)
    else if (encoding === 'zstd') zstdCompress(body, tuning(encoding, level), done)
    else gzip(body, tuning(encoding, level), done)
  })
}

function stream(encoding: CompressEncoding, level: number): Transform {
  const { constants, createBrotliCompress, createGzip, createZstdCompress } = process.getBuiltinModule('node:zlib')
  if (encoding === 'br') return createBrotliCompress({ ...tuning(encoding, level), flush: constants.BROTLI_OPERATION_FLUSH })
  if (encoding === 'zstd') return createZstdCompress({ ...tuning(encoding, level), flush: constants.ZSTD_e_flush })
  return createGzip({ ...tuning(encoding, level), flush: constants.Z_SYNC_FLUSH })
}

/** Sends a body through an encoder; what ends, breaks or abandons one does so with the other. */
function pipe(body: Readable, encoder: Transform): Transform {
  // Errors arrive at whoever reads the encoder.
  return pipeline(body, encoder, () => {})
}
