import { collect } from './collect.ts'
import { requireType } from './media-type.ts'
import type { BodyReader } from './reader.ts'

/** How `bytes()` reads. */
export interface BytesOptions {
  /** The media types that are taken. @default any */
  readonly types?: readonly string[]
}

/** Reads a body as bytes, of whatever media type. No body is no bytes. */
export function bytes({ types = ['*/*'] }: BytesOptions = {}): BodyReader<Buffer> {
  return {
    mediaTypes: types,
    empty: () => Buffer.alloc(0),
    async read(ctx, limit) {
      requireType(ctx, types)
      return collect(ctx, limit)
    },
  }
}
