import { Transform, type Readable, type TransformCallback } from 'node:stream'
import type { HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import type { HttpSource } from '../source.ts'
import { decoderOf } from './decode.ts'
import { bodyIncomplete, bodyTooLarge } from './errors.ts'

/** Passes bytes on and fails with 413 once there are more than its limit. */
class LimitedBody extends Transform {
  readonly #limit: number
  #size = 0

  constructor(limit: number) {
    super()
    this.#limit = limit
    // A body may fail before the handler looks at it; whoever reads it later still gets the error.
    this.on('error', () => {})
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#size += chunk.length
    if (this.#size > this.#limit) callback(bodyTooLarge(this.#limit))
    else callback(null, chunk)
  }
}

/**
 * The body of a request as a stream, decompressed, that fails with 413 over `limit` bytes (counted before and after decompression, so
 * that neither bombs nor endless empty blocks pass) and with 400 where the client goes away before the end. Throws 415 for encodings
 * that are not taken. Destroying it leaves the connection alone, so that an answer can still be sent.
 */
export function bodyStream(ctx: HttpContext, limit: number): Readable {
  const decoder = decoderOf(ctx)
  const received = receive(ctx.source, limit)
  if (decoder === undefined) return received
  const decoded = new LimitedBody(limit)
  received.once('error', (error) => decoded.destroy(error))
  decoder.once('error', (cause) => {
    decoded.destroy(
      new HttpError('TUTTI_BODY_MALFORMED', `The request body cannot be decompressed: ${cause.message}`, { status: 400, cause }),
    )
  })
  decoded.once('close', () => {
    received.destroy()
    decoder.destroy()
  })
  received.pipe(decoder).pipe(decoded)
  return decoded
}

function receive(source: HttpSource, limit: number): LimitedBody {
  const received = new LimitedBody(limit)
  const onLost = (cause?: unknown): void => {
    if (!source.readableEnded) received.destroy(bodyIncomplete(cause))
  }
  source.once('error', onLost)
  source.once('close', onLost)
  received.once('close', () => {
    source.off('error', onLost)
    source.off('close', onLost)
    source.unpipe(received)
  })
  if (source.destroyed && !source.readableEnded) onLost()
  else source.pipe(received)
  return received
}
