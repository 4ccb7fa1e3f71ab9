import { constantsOf, typesOf } from './json-schema-merge.ts'
import type { ShapeReader } from './json-schema-shape.ts'
import { unwrap } from './json-view.ts'
import type { JsonSchema, JsonSchemaType } from './json-schema.ts'

// Enough to tell real alternatives apart, and a bound on the work for values that contain themselves.
const maxDepth = 4

/** Whether properties that are not named count against an alternative, and how far inside the value this is. */
interface Comparison {
  readonly exact: boolean
  readonly depth: number
}

/** Compiles the choice between alternatives: by a property that is constant in each of them, else the first that the value fits best. */
export function chooser(options: readonly JsonSchema[], reader: ShapeReader): (value: object) => JsonSchema | undefined {
  const discriminator = discriminatorOf(options, reader)
  if (discriminator !== undefined) {
    const { key, byValue } = discriminator
    return (value) => byValue.get((value as Readonly<Record<string, unknown>>)[key])
  }
  return (value) =>
    options.find((option) => fits(option, value, { exact: true, depth: 0 })) ??
    options.find((option) => fits(option, value, { exact: false, depth: 0 }))

  function fits(schema: JsonSchema, value: unknown, at: Comparison): boolean {
    const seen = unwrap(value)
    const types = typesOf(schema)
    if (types !== undefined && !types.some((type) => isOfType(seen, type))) return false
    const constants = constantsOf(schema)
    if (constants !== undefined) return constants.includes(seen)
    if (typeof seen !== 'object' || seen === null || at.depth >= maxDepth) return true
    if (Array.isArray(seen)) return schema.items === undefined || seen.every((item) => fitsPart(schema.items, item, at))
    return fitsObject(schema, seen as Readonly<Record<string, unknown>>, at)
  }

  function fitsObject(schema: JsonSchema, value: Readonly<Record<string, unknown>>, at: Comparison): boolean {
    const { properties = {}, required = [] } = schema
    if (required.some((key) => value[key] === undefined)) return false
    if (at.exact && isClosed(schema) && Object.keys(value).some((key) => !Object.hasOwn(properties, key))) return false
    return Object.entries(properties).every(([key, part]) => value[key] === undefined || fitsPart(part, value[key], at))
  }

  function fitsPart(part: JsonSchema | boolean | undefined, value: unknown, at: Comparison): boolean {
    const shape = part === undefined || reader.shape(part)
    if (typeof shape === 'boolean') return shape
    const candidates = 'schema' in shape ? [shape.schema] : shape.options
    return candidates.some((candidate) => fits(candidate, value, { ...at, depth: at.depth + 1 }))
  }
}

function isClosed(schema: JsonSchema): boolean {
  return schema.properties !== undefined && schema.patternProperties === undefined && !schema.additionalProperties
}

function discriminatorOf(
  options: readonly JsonSchema[],
  reader: ShapeReader,
): { key: string; byValue: Map<unknown, JsonSchema> } | undefined {
  const [first] = options
  for (const key of Object.keys(first?.properties ?? {})) {
    const byValue = new Map<unknown, JsonSchema>()
    const tellsApart = options.every((option) => {
      const constants = option.required?.includes(key) ? partConstants(option.properties?.[key], reader) : undefined
      return constants?.every((constant) => !byValue.has(constant) && byValue.set(constant, option)) ?? false
    })
    if (tellsApart) return { key, byValue }
  }
  return undefined
}

function partConstants(part: JsonSchema | boolean | undefined, reader: ShapeReader): readonly unknown[] | undefined {
  const shape = part === undefined || reader.shape(part)
  if (typeof shape === 'boolean') return undefined
  const lists = ('schema' in shape ? [shape.schema] : shape.options).map((schema) => constantsOf(schema))
  return lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? [])
}

function isOfType(value: unknown, type: JsonSchemaType): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return type === 'integer' ? Number.isInteger(value) : typeof value === type
}
