import type { ConsoleRoute } from 'tutti/console'

/** A JSON Schema as the Console's API carries it. */
export type Schema = NonNullable<ConsoleRoute['body']>
type Node = Schema | boolean

/** How a value of a schema is entered. */
export type FieldKind = 'object' | 'array' | 'choice' | 'options' | 'text' | 'number' | 'boolean' | 'date' | 'date-time' | 'fixed' | 'json'

/** A schema in its own right: references are followed, and `allOf` is one. */
export function resolved(node: Node | undefined, root: Schema): Schema {
  if (node === undefined || typeof node === 'boolean') return {}
  const target = node.$ref === undefined ? undefined : referenced(node.$ref, root)
  const whole: Schema = target === undefined ? node : { ...resolved(target, root), ...withoutReference(node) }
  if (whole.allOf === undefined) return whole
  const { allOf, ...own } = whole
  return allOf.map((part) => resolved(part, root)).reduce(merged, own)
}

function withoutReference({ $ref: _, ...rest }: Schema): Schema {
  return rest
}

function merged(a: Schema, b: Schema): Schema {
  return { ...a, ...b, properties: { ...a.properties, ...b.properties }, required: [...(a.required ?? []), ...(b.required ?? [])] }
}

/** What `#/$defs/Order` names. */
function referenced(reference: string, root: Schema): Node | undefined {
  if (reference === '#') return undefined
  const steps = reference.replace(/^#\//, '').split('/')
  let at: unknown = root
  for (const step of steps) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Reflect.get(at, decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  return isSchema(at) ? at : undefined
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The alternatives of a schema, `null` left out where it only says that there may be nothing. */
export function alternatives(schema: Schema, root: Schema): readonly Schema[] {
  return (schema.oneOf ?? schema.anyOf ?? []).map((one) => resolved(one, root)).filter(({ type }) => type !== 'null')
}

export function kindOfField(schema: Schema): FieldKind {
  if (schema.const !== undefined) return 'fixed'
  if (schema.enum !== undefined) return 'choice'
  if (schema.oneOf !== undefined || schema.anyOf !== undefined) return 'options'
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.find((one) => one !== 'null')
  if (type === 'object') return schema.properties === undefined ? 'json' : 'object'
  if (type === 'array') return schema.items === undefined || schema.prefixItems !== undefined ? 'json' : 'array'
  if (type === 'string') return schema.format === 'date' || schema.format === 'date-time' ? schema.format : 'text'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'boolean') return 'boolean'
  return schema.properties === undefined ? 'json' : 'object'
}

/** How deep a schema that contains itself is filled in. */
const DEEPEST = 8

/** The value a form starts with: defaults and examples, else nothing where nothing is required. */
export function initialValue(schema: Schema, root: Schema, depth = 0): unknown {
  if (schema.default !== undefined) return schema.default
  if (schema.const !== undefined) return schema.const
  if (schema.examples?.[0] !== undefined) return schema.examples[0]
  const [option] = alternatives(schema, root)
  switch (kindOfField(schema)) {
    case 'object':
      return Object.fromEntries(
        propertiesOf(schema, root)
          .filter((property) => depth < DEEPEST && (property.required || property.schema.default !== undefined))
          .map((property) => [property.name, initialValue(property.schema, root, depth + 1)]),
      )
    case 'array': {
      const items = Math.min(schema.minItems ?? 0, 3)
      return Array.from({ length: items }, () => initialValue(resolved(schema.items, root), root, depth + 1))
    }
    case 'options':
      return option === undefined ? null : initialValue(option, root, depth + 1)
    case 'choice':
      return schema.enum?.[0]
    case 'boolean':
      return false
    case 'json':
      return schema.type === 'array' ? [] : schema.type === 'object' ? {} : null
    case 'text':
      return ''
    default:
      return undefined
  }
}

export interface Property {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}

/** The fields of an object, as they stand in the schema. */
export function propertiesOf(schema: Schema, root: Schema): readonly Property[] {
  return Object.entries(schema.properties ?? {}).map(([name, node]) => ({
    name,
    schema: resolved(node, root),
    required: schema.required?.includes(name) === true,
  }))
}

/** Which of the alternatives a value follows, by its fixed fields and its type; the first where none is recognised. */
export function alternativeOf(value: unknown, options: readonly Schema[], root: Schema): number {
  const fits = options.findIndex((option) => problemsOf(value, option, { root }).size === 0)
  if (fits >= 0) return fits
  const fixed = options.findIndex((option) =>
    propertiesOf(option, root).some(({ name, schema }) => schema.const !== undefined && fieldOf(value, name) === schema.const),
  )
  return Math.max(0, fixed)
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

/** Where references of a schema lead to, and where its value is within the whole one. */
export interface PlaceInForm {
  readonly root: Schema
  /** @default '' */
  readonly path?: string
}

/** What is wrong with a value, by place (`/items/0/quantity`). The application has the last word: it checks all of it. */
export function problemsOf(value: unknown, schema: Schema, { root, path = '' }: PlaceInForm): ReadonlyMap<string, string> {
  const options = alternatives(schema, root)
  if (options.length > 0) {
    const all = options.map((option) => problemsOf(value, option, { root, path }))
    return all.find(({ size }) => size === 0) ?? all[0] ?? new Map()
  }
  const own = ownProblem(value, schema)
  if (own !== undefined) return new Map([[path, own]])
  if (Array.isArray(value)) {
    const items = resolved(schema.items, root)
    return new Map(value.flatMap((item, index) => [...problemsOf(item, items, { root, path: `${path}/${index}` })]))
  }
  if (kindOfField(schema) !== 'object') return new Map()
  return new Map(
    propertiesOf(schema, root).flatMap((property): (readonly [string, string])[] => {
      const place = `${path}/${property.name}`
      const inner = fieldOf(value, property.name)
      if (inner === undefined) return property.required ? [[place, 'Is required.']] : []
      return [...problemsOf(inner, property.schema, { root, path: place })]
    }),
  )
}

function ownProblem(value: unknown, schema: Schema): string | undefined {
  const kind = kindOfField(schema)
  if (schema.const !== undefined && value !== schema.const) return `Has to be ${JSON.stringify(schema.const)}.`
  if (schema.enum !== undefined && !schema.enum.includes(value)) return 'Choose one of the values.'
  if (kind === 'object' && (typeof value !== 'object' || value === null || Array.isArray(value))) return 'Has to be an object.'
  if (kind === 'array') return Array.isArray(value) ? arrayProblem(value, schema) : 'Has to be a list.'
  if (kind === 'number') return numberProblem(value, schema)
  if (kind === 'text' || kind === 'date' || kind === 'date-time') return textProblem(value, schema)
  if (kind === 'boolean' && typeof value !== 'boolean') return 'Has to be yes or no.'
  return undefined
}

function arrayProblem(value: readonly unknown[], { minItems, maxItems }: Schema): string | undefined {
  if (minItems !== undefined && value.length < minItems) return `Needs at least ${minItems}.`
  if (maxItems !== undefined && value.length > maxItems) return `Takes at most ${maxItems}.`
  return undefined
}

function numberProblem(value: unknown, schema: Schema): string | undefined {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  if (typeof value !== 'number' || Number.isNaN(value)) return 'Has to be a number.'
  if (type === 'integer' && !Number.isInteger(value)) return 'Has to be a whole number.'
  if (minimum !== undefined && value < minimum) return `Has to be ${minimum} or more.`
  if (maximum !== undefined && value > maximum) return `Has to be ${maximum} or less.`
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return `Has to be more than ${exclusiveMinimum}.`
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return `Has to be less than ${exclusiveMaximum}.`
  return undefined
}

function textProblem(value: unknown, { minLength, maxLength, pattern }: Schema): string | undefined {
  if (typeof value !== 'string') return 'Has to be a text.'
  if (minLength !== undefined && value.length < minLength)
    return minLength === 1 ? 'Must not be empty.' : `Needs at least ${minLength} characters.`
  if (maxLength !== undefined && value.length > maxLength) return `Takes at most ${maxLength} characters.`
  if (pattern !== undefined && !matches(value, pattern)) return `Has to match ${pattern}.`
  return undefined
}

function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    // A pattern that this browser does not understand is for the application to judge.
    return true
  }
}
