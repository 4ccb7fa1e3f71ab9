import { toJsonSchema, type JsonSchema, type Schema } from '../../schema/index.ts'

/** One value of a configuration. */
export interface Setting {
  readonly path: readonly string[]
  /** Its name in the environment: `database.poolSize` is `DATABASE_POOL_SIZE`. */
  readonly variable: string
  readonly types: readonly string[]
}

/** The settings that a schema names, by way of its JSON Schema; nested objects give a setting for each of their members and for the whole. */
export function describeSettings(schema: Schema, prefix: string): readonly Setting[] {
  const described = toJsonSchema(schema, 'input')
  return described === undefined ? [] : settingsOf(described, { path: [], prefix, root: described })
}

function settingsOf(
  schema: JsonSchema,
  at: { readonly path: readonly string[]; readonly prefix: string; readonly root: JsonSchema },
): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const property = resolve(member, at.root)
    if (property === undefined) return []
    const path = [...at.path, name]
    const own: Setting = { path, variable: at.prefix + path.map(upperSnake).join('_'), types: typesOf(property, at.root) }
    return property.properties === undefined || path.length > 8 ? [own] : [own, ...settingsOf(property, { ...at, path })]
  })
}

function resolve(schema: JsonSchema | boolean, root: JsonSchema): JsonSchema | undefined {
  if (typeof schema === 'boolean') return undefined
  const name = schema.$ref?.startsWith('#/$defs/') === true ? schema.$ref.slice('#/$defs/'.length) : undefined
  const target = name === undefined ? schema : root.$defs?.[name]
  return typeof target === 'object' ? target : schema
}

function typesOf(schema: JsonSchema, root: JsonSchema): string[] {
  const own = schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : [...schema.type]
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((option) => {
    const resolved = resolve(option, root)
    return resolved === undefined ? [] : typesOf(resolved, root)
  })
  return [...own, ...options]
}

function upperSnake(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z\d]+/g, '_')
    .toUpperCase()
}
