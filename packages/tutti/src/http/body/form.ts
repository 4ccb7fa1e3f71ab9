import type { InferOutput, Schema } from '../../schema/index.ts'
import { parseQuery, type Query } from '../query.ts'
import { wrapLists } from '../string-parts.ts'
import { collect } from './collect.ts'
import { decodeText } from './json.ts'
import { requireType } from './media-type.ts'
import type { BodyReader } from './reader.ts'

const types = ['application/x-www-form-urlencoded']

/**
 * Reads an urlencoded form: texts by name, lists of them where a name is repeated or the schema wants a list. No body is an empty form.
 */
export function form(): BodyReader<Query>
export function form<S extends Schema>(schema: S): BodyReader<InferOutput<S>>
export function form(schema?: Schema): BodyReader<unknown> {
  const wrap = schema === undefined ? undefined : wrapLists(schema)
  const parse = (body: string): Query => (wrap === undefined ? parseQuery(body) : wrap(parseQuery(body)))
  return {
    mediaTypes: types,
    ...(schema && { schema }),
    empty: () => parse(''),
    async read(ctx, limit) {
      requireType(ctx, types)
      return parse(decodeText(await collect(ctx, limit)))
    },
  }
}
