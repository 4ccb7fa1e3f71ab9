import { schemaMerger, type SchemaMerger } from './json-schema-merge.ts'
import type { JsonSchema } from './json-schema.ts'

/** A part of a JSON Schema with references followed and `allOf` merged: a union of alternatives, or one description of all values. */
export type Shape = { readonly options: readonly JsonSchema[] } | { readonly schema: JsonSchema }

/** Reads the parts of one JSON Schema document. */
export interface ShapeReader {
  /** The shape of a part; `true` where anything goes, `false` where nothing does. */
  shape(part: JsonSchema | boolean): Shape | boolean
  /** One description that names what any of these names. */
  readonly mergeAll: SchemaMerger['mergeAll']
}

const shaping = [
  'type',
  'const',
  'enum',
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'items',
  'prefixItems',
] as const satisfies (keyof JsonSchema)[]

/** Makes a reader for a document; references within it (`#`, `#/$defs/…`) are followed, others and those in circles allow anything. */
export function shapeReader(root: JsonSchema): ShapeReader {
  const { both, mergeAll } = schemaMerger()
  const known = new Map<JsonSchema | boolean, Shape | boolean>()

  function shape(part: JsonSchema | boolean): Shape | boolean {
    const present = known.get(part)
    if (present !== undefined) return present
    const found = toShape(alternatives(part, new Set()))
    known.set(part, found)
    return found
  }

  /** The part as plain descriptions of which one applies; each has no references and no combinators left at its own level. */
  function alternatives(part: JsonSchema | boolean, seen: ReadonlySet<unknown>): readonly JsonSchema[] | boolean {
    if (typeof part === 'boolean') return part
    if (seen.has(part)) return true
    const inside = new Set(seen).add(part)
    const conditional = [part.then, part.else].filter((branch) => typeof branch === 'object')
    const members = [own(part), ...(part.$ref === undefined ? [] : [resolve(part.$ref)]), ...(part.allOf ?? []), ...conditional]
    let combined: readonly JsonSchema[] | boolean = true
    for (const member of members) {
      combined = both(combined, member === members[0] ? described(member) : alternatives(member, inside))
    }
    for (const options of [part.anyOf, part.oneOf]) {
      if (options !== undefined) combined = both(combined, either(options.map((option) => alternatives(option, inside))))
    }
    return combined
  }

  function resolve(reference: string): JsonSchema | boolean {
    if (reference === '#') return root
    if (!reference.startsWith('#/')) return findById(root, reference) ?? true
    let found: unknown = root
    for (const token of decodeURIComponent(reference.slice(2)).split('/')) {
      const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return true
      found = (found as Readonly<Record<string, unknown>>)[key]
    }
    return isSchemaPart(found) ? found : true
  }

  return { shape, mergeAll }
}

function toShape(schemas: readonly JsonSchema[] | boolean): Shape | boolean {
  if (typeof schemas === 'boolean') return schemas
  const [only, ...more] = schemas
  if (only === undefined) return false
  return more.length === 0 ? { schema: only } : { options: schemas }
}

function isSchemaPart(value: unknown): value is JsonSchema | boolean {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value))
}

function findById(root: JsonSchema, reference: string): JsonSchema | boolean | undefined {
  return Object.values(root.$defs ?? {}).find(
    (part) => typeof part === 'object' && (part.$id === reference || (part.$anchor !== undefined && reference === `#${part.$anchor}`)),
  )
}

function own(part: JsonSchema): JsonSchema {
  return Object.fromEntries([...shaping, 'required' as const].flatMap((key) => (part[key] === undefined ? [] : [[key, part[key]]])))
}

function described(part: JsonSchema | boolean): readonly JsonSchema[] | boolean {
  return typeof part === 'object' && shaping.some((key) => part[key] !== undefined) ? [part] : true
}

function either(options: readonly (readonly JsonSchema[] | boolean)[]): readonly JsonSchema[] | boolean {
  if (options.includes(true)) return true
  return options.flatMap((option) => (typeof option === 'boolean' ? [] : option))
}
