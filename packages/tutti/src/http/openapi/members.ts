import type { JsonSchema } from '../../schema/index.ts'
import type { SchemaComponents } from './schema-components.ts'

/** The members of what a schema describes, as far as it is an object. */
export interface Members {
  readonly properties: ReadonlyMap<string, JsonSchema>
  readonly required: ReadonlySet<string>
  /** What members beyond those may be; `undefined` where the schema has nothing to say. */
  readonly others: JsonSchema | undefined
}

/** Looks through references, intersections and unions: a member is required when every option of a union requires it. */
export function membersOf(schema: JsonSchema, components: SchemaComponents, depth = 0): Members {
  const node = components.resolve(schema)
  const properties = new Map<string, JsonSchema>()
  const required = new Set(node.required)
  let others = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
  for (const [name, property] of Object.entries(node.properties ?? {})) properties.set(name, typeof property === 'boolean' ? {} : property)
  if (depth < 8) {
    const inner = (part: JsonSchema | boolean): Members => membersOf(typeof part === 'boolean' ? {} : part, components, depth + 1)
    for (const part of (node.allOf ?? []).map(inner)) {
      for (const [name, property] of part.properties) if (!properties.has(name)) properties.set(name, property)
      for (const name of part.required) required.add(name)
      others ??= part.others
    }
    const options = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].map(inner)
    for (const name of new Set(options.flatMap((option) => [...option.properties.keys()]))) {
      const variants = options.flatMap((option) => option.properties.get(name) ?? [])
      if (!properties.has(name)) properties.set(name, eitherOf(variants))
      if (options.every((option) => option.required.has(name))) required.add(name)
    }
  }
  return { properties, required, others }
}

/** A schema for what fits one of several; those that are equal count once. */
export function eitherOf(schemas: readonly JsonSchema[]): JsonSchema {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()]
  return distinct.length === 1 ? (distinct[0] as JsonSchema) : { anyOf: distinct }
}
