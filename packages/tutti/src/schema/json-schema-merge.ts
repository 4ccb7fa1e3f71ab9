import type { JsonSchema, JsonSchemaType } from './json-schema.ts'

// Alternatives inside allOf multiply; beyond this many they are merged into one description instead.
const maxOptions = 64

/** Merges descriptions that have no references and no combinators at their own level. */
export interface SchemaMerger {
  /** All that fits `a` and `b`: every alternative of one merged with every alternative of the other. */
  both(a: readonly JsonSchema[] | boolean, b: readonly JsonSchema[] | boolean): readonly JsonSchema[] | boolean
  /** One description that names what any of these names. */
  mergeAll(schemas: readonly JsonSchema[]): JsonSchema
}

/** Makes a merger. It makes the same part of the same parts, so that merging parts that contain themselves comes to an end. */
export function schemaMerger(): SchemaMerger {
  const ids = new Map<JsonSchema, number>()
  const membersOf = new Map<JsonSchema, ReadonlySet<JsonSchema>>()
  const combined = new Map<string, JsonSchema>()

  function both(a: readonly JsonSchema[] | boolean, b: readonly JsonSchema[] | boolean): readonly JsonSchema[] | boolean {
    if (typeof a === 'boolean') return a ? b : false
    if (typeof b === 'boolean') return b ? a : false
    if (a.length * b.length > maxOptions) return [mergeAll([...a, ...b])]
    return a.flatMap((one) => b.map((other) => merge(one, other)))
  }

  function mergeAll(schemas: readonly JsonSchema[]): JsonSchema {
    const untyped = schemas.map(({ type: _type, required: _required, const: _const, enum: _enum, ...rest }): JsonSchema => rest)
    const types = schemas.map((schema) => typesOf(schema))
    const merged = untyped.reduce(merge, {})
    return types.includes(undefined) ? merged : { ...merged, type: [...new Set(types.flatMap((type) => type ?? []))] }
  }

  function merge(a: JsonSchema, b: JsonSchema): JsonSchema {
    const type = intersect(typesOf(a), typesOf(b))
    const additional = a.additionalProperties || b.additionalProperties || (a.additionalProperties ?? b.additionalProperties)
    return {
      ...b,
      ...a,
      ...(type && { type }),
      ...((a.properties || b.properties) && { properties: mergeParts(a.properties, b.properties) }),
      ...((a.patternProperties || b.patternProperties) && { patternProperties: mergeParts(a.patternProperties, b.patternProperties) }),
      ...(additional !== undefined && { additionalProperties: additional }),
      ...(a.items !== undefined && b.items !== undefined && { items: combine(a.items, b.items) }),
      ...((a.required || b.required) && { required: [...new Set([...(a.required ?? []), ...(b.required ?? [])])] }),
    }
  }

  function mergeParts(a: JsonSchema['properties'] = {}, b: JsonSchema['properties'] = {}): NonNullable<JsonSchema['properties']> {
    const merged = new Map(Object.entries(a))
    for (const [key, part] of Object.entries(b)) {
      const present = merged.get(key)
      merged.set(key, present === undefined ? part : combine(present, part))
    }
    return Object.fromEntries(merged)
  }

  function combine(a: JsonSchema | boolean, b: JsonSchema | boolean): JsonSchema | boolean {
    if (typeof a === 'boolean') return a ? b : false
    if (typeof b === 'boolean') return b ? a : false
    const members = (membersOf.get(a) ?? new Set([a])).union(membersOf.get(b) ?? new Set([b]))
    if (members.size === 1) return a
    const name = [...members]
      .map(idOf)
      .toSorted((one, other) => one - other)
      .join()
    const present = combined.get(name)
    if (present !== undefined) return present
    const part: JsonSchema = { allOf: [...members] }
    combined.set(name, part)
    membersOf.set(part, members)
    return part
  }

  function idOf(schema: JsonSchema): number {
    const id = ids.get(schema) ?? ids.size
    ids.set(schema, id)
    return id
  }

  return { both, mergeAll }
}

function intersect(
  a: readonly JsonSchemaType[] | undefined,
  b: readonly JsonSchemaType[] | undefined,
): readonly JsonSchemaType[] | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a.filter((type) => b.includes(type))
}

/** The types a description allows, `undefined` where it does not say. */
export function typesOf(schema: JsonSchema): readonly JsonSchemaType[] | undefined {
  const { type } = schema
  if (type === undefined) return undefined
  return typeof type === 'string' ? [type] : type
}

/** The values that alone are allowed, where they are given and none of them is an object or a list. */
export function constantsOf(schema: JsonSchema): readonly unknown[] | undefined {
  const constants = 'const' in schema ? [schema.const] : schema.enum
  return constants?.every((constant) => typeof constant !== 'object' || constant === null) ? constants : undefined
}
