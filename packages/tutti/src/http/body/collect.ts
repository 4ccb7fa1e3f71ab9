import type { HttpContext } from '../context.ts'
import { earlyBody, rawHeader, type HttpSource } from '../source.ts'
import { bodyIncomplete, bodyTooLarge } from './errors.ts'

/** Whether a request has a body (RFC 9112 section 6.3). */
export function hasBody(source: HttpSource): boolean {
  const length = rawHeader(source.rawHeaders, 'content-length')
  if (length !== undefined) return length !== '0'
  return (
    rawHeader(source.rawHeaders, 'transfer-encoding') !== undefined ||
    (source.httpVersion === '2.0' && !source.readableEnded && !isEndOfHeaders(source))
  )
}

/** On HTTP/2 a body has no announcement: the stream says whether it ended with the headers. */
function isEndOfHeaders(source: HttpSource): boolean {
  return (
    'stream' in source &&
    typeof source.stream === 'object' &&
    source.stream !== null &&
    'endAfterHeaders' in source.stream &&
    source.stream.endAfterHeaders === true
  )
}

/** Refuses a body that announces more than `limit` bytes, before any of it is read. */
export function checkAnnounced(source: HttpSource, limit: number): void {
  const announced = rawHeader(source.rawHeaders, 'content-length')
  if (announced !== undefined && Number(announced) > limit) throw bodyTooLarge(limit)
}

/**
 * The whole body as bytes, decompressed; at once where the engine has it already. Fails with 413 over `limit` bytes, with 400 where the client goes away before the end, and
 * with 415 for a `Content-Encoding` that is not taken.
 */
export function collect(ctx: HttpContext, limit: number): Buffer | Promise<Buffer> {
  const { source } = ctx
  if (rawHeader(source.rawHeaders, 'content-encoding') !== undefined) return collectDecoded(ctx, limit)
  const early = source[earlyBody]
  if (early === undefined) return collectPlain(source, limit)
  const body = early.take()
  if (body.length > limit) throw bodyTooLarge(limit)
  return body
}

async function collectDecoded(ctx: HttpContext, limit: number): Promise<Buffer> {
  // Loaded with the first body that is compressed.
  const { bodyStream } = await import('./limited.ts')
  const chunks: Buffer[] = []
  for await (const chunk of bodyStream(ctx, limit) as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Most bodies are not compressed and come in one chunk: no stream in between for them. */
function collectPlain(source: HttpSource, limit: number): Promise<Buffer> {
  // A client that went away while a guard was at work: nothing will be told of it again.
  if (source.destroyed && !source.readableEnded) return Promise.reject(bodyIncomplete())
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined
    let rest: Buffer[] | undefined
    let size = 0
    let ended = false
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > limit) {
        done()
        source.pause()
        reject(bodyTooLarge(limit))
      } else if (first === undefined) first = chunk
      else if (rest === undefined) rest = [first, chunk]
      else rest.push(chunk)
    }
    const onEnd = (): void => {
      ended = true
      // Left to itself Node takes this one off when the response is out, at a higher price; the others may stay: only `close` is to come.
      source.off('data', onData)
      resolve(rest === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(rest, size))
      first = undefined
      rest = undefined
    }
    const onError = (cause: unknown): void => {
      if (ended) return
      done()
      reject(bodyIncomplete(cause))
    }
    const done = (): void => {
      source.off('data', onData)
      source.off('end', onEnd)
      source.off('error', onError)
      source.off('close', onError)
    }
    source.on('data', onData)
    source.on('end', onEnd)
    source.on('error', onError)
    source.on('close', onError)
  })
}
