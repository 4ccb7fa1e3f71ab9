import type { Schema } from '../../schema/index.ts'
import type { HttpContext } from '../context.ts'
import { parseQuery } from '../query.ts'
import { wrapLists, type StringParts } from '../string-parts.ts'
import { collect } from './collect.ts'
import { unsupported } from './errors.ts'
import { decodeText, parseJson } from './json.ts'
import { bodyType } from './media-type.ts'
import type { BodyReader } from './reader.ts'
import { readText } from './text.ts'

const isJson = (type: string): boolean => type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'))

const structuredTypes = ['application/json', 'application/*+json', 'application/x-www-form-urlencoded']

type Prepare = (values: StringParts) => StringParts

function readStructured(ctx: HttpContext, limit: number, prepare: () => Prepare | undefined): unknown {
  const type = bodyType(ctx)
  if (!isJson(type)) return readForm(ctx, limit, { type, prepare })
  const body = collect(ctx, limit)
  return body instanceof Promise ? body.then(readJson) : readJson(body)
}

function readJson(body: Buffer): unknown {
  return parseJson(decodeText(body))
}

interface FormTerms {
  readonly type: string
  readonly prepare: () => Prepare | undefined
}

async function readForm(ctx: HttpContext, limit: number, { type, prepare }: FormTerms): Promise<unknown> {
  if (type !== 'application/x-www-form-urlencoded') throw unsupported(type, structuredTypes)
  const values = parseQuery(decodeText(await collect(ctx, limit)))
  return prepare()?.(values) ?? values
}

/** Reads what a schema can describe: JSON, and urlencoded forms as an object of texts, with lists where the schema wants them. */
export function structured(schema: Schema): BodyReader<unknown> {
  let wrap: { readonly prepare: Prepare | undefined } | undefined
  // Most routes only ever get JSON.
  const prepare = (): Prepare | undefined => (wrap ??= { prepare: wrapLists(schema) }).prepare
  return { mediaTypes: structuredTypes, schema, read: (ctx, limit) => readStructured(ctx, limit, prepare) }
}

/** Reads whatever comes, for routes that say nothing about their body: JSON, forms, text and bytes by their media type. */
export const anyReader: BodyReader<unknown> = {
  mediaTypes: [...structuredTypes, 'text/*', 'application/octet-stream'],
  async read(ctx, limit) {
    const type = bodyType(ctx)
    if (type.startsWith('text/')) return readText(ctx, limit)
    if (type === 'application/octet-stream') return collect(ctx, limit)
    if (isJson(type) || type === 'application/x-www-form-urlencoded') return readStructured(ctx, limit, () => undefined)
    throw unsupported(type, anyReader.mediaTypes)
  },
}
