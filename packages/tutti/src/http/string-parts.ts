import { toJsonSchema, type JsonSchema, type Schema } from '../schema/index.ts'

/** Parts of a request that arrive as texts by name. */
export type StringParts = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Where a schema wants a list, a query such as `?tag=a` holds one text: this wraps it, so that one value and many look the same to the
 * schema. `undefined` where the schema has no lists or does not say.
 */
export function wrapLists(schema: Schema): ((values: StringParts) => StringParts) | undefined {
  const described = toJsonSchema(schema, 'input')
  const lists = Object.entries(described?.properties ?? {}).flatMap(([name, property]) => (isList(property) ? [name] : []))
  if (lists.length === 0) return undefined
  return (values) => {
    let wrapped: Record<string, string | readonly string[] | undefined> | undefined
    for (const name of lists) {
      const value = values[name]
      if (typeof value === 'string') (wrapped ??= { ...values })[name] = [value]
    }
    return wrapped ?? values
  }
}

function isList(property: JsonSchema | boolean): boolean {
  if (typeof property === 'boolean') return false
  const type = property.type
  if (type === 'array') return true
  return (
    (property.anyOf ?? []).some((option) => isList(option)) &&
    !(property.anyOf ?? []).some((option) => typeof option !== 'boolean' && option.type === 'string')
  )
}
