import type { JsonSchema } from '../../schema/index.ts'

/** A JSON Schema with all of its members, known or not. */
export type SchemaNode = Readonly<Record<string, unknown>>

// Which keywords hold schemas, and in what form; everything else is data and is never looked into.
const maps = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'])
const lists = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const singles = new Set([
  'items',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'contentSchema',
])

/** Called for each schema inside another with its JSON pointer (RFC 6901), `#` for the outermost; gives what stands there instead. */
export type Visit = (node: SchemaNode, pointer: string) => unknown

/** A copy of a schema, one level deep: `visit` decides about the schemas in it, and values become what JSON can say. */
export function mapSchemas(schema: SchemaNode, pointer: string, visit: Visit): SchemaNode {
  const one = (value: unknown, at: string): unknown => (isNode(value) ? visit(value, at) : value)
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]) => {
      const at = `${pointer}/${escapePointer(key)}`
      if (maps.has(key) && isNode(value))
        return [[key, Object.fromEntries(Object.entries(value).map(([name, item]) => [name, one(item, `${at}/${escapePointer(name)}`)]))]]
      if (lists.has(key) && Array.isArray(value)) return [[key, value.map((item, i) => one(item, `${at}/${i}`))]]
      if (singles.has(key)) return [[key, one(value, at)]]
      const plain = plainValue(value)
      return plain === undefined ? [] : [[key, plain]]
    }),
  )
}

/** Calls `found` for a schema and every schema inside it. */
export function eachSchema(schema: SchemaNode, found: (node: SchemaNode, pointer: string) => void, pointer = '#'): void {
  found(schema, pointer)
  mapSchemas(schema, pointer, (node, at) => eachSchema(node, found, at))
}

/** Whether a value is an object that a schema could be. */
export function isNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A rebuilt schema is still one: only its references and extras changed. */
export function asJsonSchema(node: SchemaNode): JsonSchema {
  return node
}

/** A text that is equal for schemas that say the same, whatever the order of their members. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (key, item: unknown) => {
    if (key === 'required' && Array.isArray(item)) return item.map(String).toSorted()
    return isNode(item) ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item
  })
}

function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Defaults and the like can hold what JSON cannot say; what cannot be told is left out. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  try {
    const text = JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'bigint' ? (Number.isSafeInteger(Number(item)) ? Number(item) : String(item)) : item,
    )
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}
