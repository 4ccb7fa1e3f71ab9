import { Readable } from 'node:stream'
import { requireType } from './media-type.ts'
import type { BodyReader } from './reader.ts'

/** How `stream()` reads. */
export interface StreamOptions {
  /** The media types that are taken. @default any */
  readonly types?: readonly string[]
}

/**
 * Gives the body as a stream, decompressed, without waiting for it. Reading it fails with 413 where it is over the body limit and with
 * 400 where the client goes away; a handler that lets these errors through answers with them. What has not been read when the response
 * is complete is dropped. No body is an empty stream.
 */
export function stream({ types = ['*/*'] }: StreamOptions = {}): BodyReader<Readable> {
  return {
    mediaTypes: types,
    empty: () => Readable.from([]),
    async read(ctx, limit) {
      requireType(ctx, types)
      const { bodyStream } = await import('./limited.ts')
      return bodyStream(ctx, limit)
    },
  }
}
