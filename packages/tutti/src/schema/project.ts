import { constantsOf, typesOf } from './json-schema-merge.ts'
import { shapeReader, type Shape } from './json-schema-shape.ts'
import type { JsonSchema } from './json-schema.ts'
import { chooser } from './project-union.ts'
import { unbox, unwrap } from './json-view.ts'
import { defineOwn, projectProperties, type ListProjection, type ProjectedProperty, type Projection } from './project-object.ts'

/**
 * Compiles a function that leaves of a value what a JSON Schema names, for `JSON.stringify` to write; `undefined` where all of it stays.
 * An object is left with the properties that are named; with all of them where the schema allows additional ones or names none.
 * Objects and lists where the schema knows none are left empty. Values with `toJSON` are seen as what that gives.
 */
export function compileProjection(root: JsonSchema): Projection | undefined {
  const reader = shapeReader(root)
  const compiled = new Map<JsonSchema | boolean, Projection | undefined | 'compiling'>()

  function compile(part: JsonSchema | boolean | undefined): Projection | undefined {
    if (part === undefined || part === true) return undefined
    const known = compiled.get(part)
    if (known === 'compiling') return later(part)
    if (compiled.has(part)) return known
    compiled.set(part, 'compiling')
    const projection = ofShape(reader.shape(part))
    compiled.set(part, projection)
    return projection
  }

  /** A part inside itself is not compiled yet, so it is looked up when a value comes. */
  function later(part: JsonSchema | boolean): Projection {
    return (value) => {
      const project = compiled.get(part)
      return typeof project === 'function' ? project(value) : value
    }
  }

  function ofShape(shape: Shape | boolean): Projection | undefined {
    if (shape === true) return undefined
    if (shape === false) return scalar
    if ('schema' in shape) return single(shape.schema)
    return union(shape.options.filter(isStructured))
  }

  function union(options: readonly JsonSchema[]): Projection | undefined {
    const [first, second] = options
    if (first === undefined) return scalar
    if (second === undefined) return single(first)
    const projections = new Map(options.map((option) => [option, single(option)]))
    if (projections.values().every((projection) => projection === undefined)) return undefined
    const choose = chooser(options, reader)
    const merged = single(reader.mergeAll(options))
    return (value) => {
      const seen = unwrap(value)
      if (typeof seen !== 'object' || seen === null) return seen
      const option = choose(seen)
      const project = option === undefined ? merged : projections.get(option)
      return project === undefined ? seen : project(seen)
    }
  }

  function single(schema: JsonSchema): Projection | undefined {
    if (!isStructured(schema)) return scalar
    const list = listOf(schema)
    const closed = closedProperties(schema)
    if (closed !== undefined) return projectProperties(closed, list ?? same)
    const object = openObjectOf(schema)
    if (object === undefined && list === undefined) return undefined
    return (value) => {
      const seen = unwrap(value)
      if (typeof seen !== 'object' || seen === null) return seen
      if (Array.isArray(seen)) return list === undefined ? seen : list(seen)
      return object === undefined ? seen : object(seen as Readonly<Record<string, unknown>>)
    }
  }

  /** The properties of which alone an object consists; none where the schema knows no objects. */
  function closedProperties(schema: JsonSchema): readonly ProjectedProperty[] | undefined {
    if (!allows(schema, 'object')) return []
    return additionalOf(schema) === false && schema.patternProperties === undefined ? named(schema) : undefined
  }

  function named(schema: JsonSchema): readonly ProjectedProperty[] {
    return Object.entries(schema.properties ?? {}).map(([key, part]) => ({ key, project: compile(part) ?? same, plain: plainType(part) }))
  }

  /** `undefined` where objects stay as they are. */
  function openObjectOf(schema: JsonSchema): ((value: Readonly<Record<string, unknown>>) => unknown) | undefined {
    const additional = additionalOf(schema)
    const others = additional === false ? undefined : (compile(additional) ?? same)
    const patterns = Object.entries(schema.patternProperties ?? {}).map(([pattern, part]) => ({
      pattern: new RegExp(pattern, 'u'),
      project: compile(part) ?? same,
    }))
    const properties = named(schema)
    if (others === same && [...properties, ...patterns].every(({ project }) => project === same)) return undefined
    return openObject(properties, (key) => patterns.find(({ pattern }) => pattern.test(key))?.project ?? others)
  }

  function listOf(schema: JsonSchema): ListProjection | undefined {
    if (!allows(schema, 'array')) return () => []
    const first = (schema.prefixItems ?? []).map((part) => compile(part) ?? same)
    const rest = compile(schema.items)
    if (first.length === 0) {
      if (rest === scalar) return (value) => (value.some(isObject) ? value.map(scalar) : value)
      return rest && ((value) => value.map((item) => rest(item)))
    }
    const isTuple = schema.items === undefined || schema.items === false
    return (value) => (isTuple ? value.slice(0, first.length) : value).map((item, i) => (first[i] ?? rest ?? same)(item))
  }

  return compile(root)
}

function openObject(
  named: readonly ProjectedProperty[],
  other: (key: string) => Projection | undefined,
): (value: Readonly<Record<string, unknown>>) => unknown {
  const projections = new Map(named.map(({ key, project }) => [key, project]))
  return (value) => {
    const seen: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const project = projections.get(key) ?? other(key)
      if (project === undefined) continue
      if (key === '__proto__') defineOwn(seen, key, project(value[key]))
      else seen[key] = project(value[key])
    }
    return seen
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** What additional properties may be: where the schema names some and says nothing of others, there are to be no others. */
function additionalOf({ properties, patternProperties, ...schema }: JsonSchema): JsonSchema | boolean {
  return schema.additionalProperties ?? schema.unevaluatedProperties ?? (properties === undefined && patternProperties === undefined)
}

function isStructured(schema: JsonSchema): boolean {
  return allows(schema, 'object') || allows(schema, 'array')
}

/** Whether values of this kind fit; without a type, the keywords tell what the schema is about. */
function allows(schema: JsonSchema, kind: 'object' | 'array'): boolean {
  const types = typesOf(schema)
  if (types !== undefined) return types.includes(kind)
  if (constantsOf(schema) !== undefined) return false
  const isObject = schema.properties ?? schema.patternProperties ?? schema.additionalProperties
  const isArray = schema.items ?? schema.prefixItems
  if (isObject === undefined && isArray === undefined) return true
  return (kind === 'object' ? isObject : isArray) !== undefined
}

function plainType(part: JsonSchema | boolean): 'string' | 'number' | 'boolean' | undefined {
  const type = typeof part === 'object' ? part.type : undefined
  if (type === 'integer') return 'number'
  return type === 'string' || type === 'number' || type === 'boolean' ? type : undefined
}

function same(value: unknown): unknown {
  return value
}

function scalar(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const seen = unbox(value)
  if (typeof seen !== 'object' || seen === null) return seen
  return Array.isArray(seen) ? [] : {}
}
