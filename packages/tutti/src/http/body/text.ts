import type { InferOutput, Schema } from '../../schema/index.ts'
import type { HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import { rawHeader } from '../source.ts'
import { collect } from './collect.ts'
import { unsupported } from './errors.ts'
import { decodeText } from './json.ts'
import { requireType } from './media-type.ts'
import type { BodyReader } from './reader.ts'

/** How `text()` reads. */
export interface TextOptions<S extends Schema> {
  /** Checks the text; what it gives is what the handler gets. */
  readonly schema?: S
  /** The media types that are taken. @default text/* */
  readonly types?: readonly string[]
}

/** Reads a body as text, in UTF-8 or the charset that its `Content-Type` names. No body is the empty text. */
export function text(options?: { readonly types?: readonly string[] }): BodyReader<string>
export function text<S extends Schema>(options: TextOptions<S> & { readonly schema: S }): BodyReader<InferOutput<S>>
export function text({ schema, types = ['text/*'] }: TextOptions<Schema> = {}): BodyReader<unknown> {
  return {
    mediaTypes: types,
    ...(schema && { schema }),
    empty: () => '',
    async read(ctx, limit) {
      requireType(ctx, types)
      return readText(ctx, limit)
    },
  }
}

/** The whole body as text. */
export async function readText(ctx: HttpContext, limit: number): Promise<string> {
  const type = rawHeader(ctx.source.rawHeaders, 'content-type') ?? ''
  const charset = /;\s*charset="?([\w.:-]{1,40})/i.exec(type)?.[1]?.toLowerCase()
  if (charset === undefined || charset === 'utf-8' || charset === 'us-ascii') return decodeText(await collect(ctx, limit))
  const decoder = decoderFor(charset)
  if (decoder === undefined) throw unsupported(type, ['charset=utf-8'])
  const body = await collect(ctx, limit)
  try {
    return decoder.decode(body)
  } catch (cause) {
    throw new HttpError('TUTTI_BODY_MALFORMED', `The request body is not valid ${charset}.`, { status: 400, cause })
  }
}

function decoderFor(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset, { fatal: true })
  } catch {
    return undefined
  }
}
