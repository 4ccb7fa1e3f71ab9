import { attachedChecks, readChecks } from './zod-accept-checks.ts'
import { className, internalsOf, listOf, setOf, textOf, UnknownPart, type ZodInternals } from './zod-accept-internals.ts'
import { takesUndefined, type ZodCheck, type ZodNode, type ZodProperty } from './zod-accept-node.ts'

// Zod's behaviour changes with its minor releases (how long a string is, which keys may lack), so each is looked at before it is added.
const knownMajor = 4
const knownMinors: ReadonlySet<unknown> = new Set([6])

// Engines do not optimise very large functions; a shape that makes a new part of itself whenever it is read would never end.
const maxParts = 500

/** What a schema is made of; undefined where any part of it is unknown, and for releases of zod that are. */
export function readZod(schema: unknown): ZodNode | undefined {
  try {
    const { version } = internalsOf(schema)
    if (version?.major !== knownMajor || !knownMinors.has(version.minor)) return undefined
    return new Reader().read(schema)
  } catch {
    // An unknown part, or what the schema itself throws when it is read: zod throws that again where it belongs.
    return undefined
  }
}

class Reader {
  readonly #open = new Set<unknown>()
  #parts = 0

  read(schema: unknown): ZodNode {
    this.#parts++
    // What contains itself needs zod's memory of the values that it has seen.
    if (this.#parts > maxParts || this.#open.has(schema)) throw new UnknownPart()
    this.#open.add(schema)
    const node = this.#node(internalsOf(schema))
    this.#open.delete(schema)
    return node
  }

  #node(internals: ZodInternals): ZodNode {
    const { def } = internals
    // Parts that zod, or another, compiled for itself are left alone: their behaviour need not be that of the definition.
    if (internals.run?.__originalRun !== undefined || def['coerce'] || !isKnown(internals)) throw new UnknownPart()
    switch (def['type']) {
      case 'string':
        return { kind: 'string', checks: readChecks(internals) }
      case 'number':
      case 'bigint':
      case 'date':
        return { kind: def['type'], checks: readChecks(internals) }
      case 'boolean':
        return { kind: 'boolean' }
      case 'any':
      case 'unknown':
        return { kind: 'unknown' }
      case 'null':
        return { kind: 'values', values: new Set([null]) }
      case 'undefined':
      case 'void':
        return { kind: 'values', values: new Set([undefined]) }
      case 'literal':
      case 'enum':
        return { kind: 'values', values: setOf(internals.values) }
      case 'array':
        return { kind: 'array', element: this.read(def['element']), checks: lengths(internals) }
      case 'tuple':
        return this.#tuple(def)
      case 'object':
        return this.#object(def)
      case 'nullable':
        return { kind: 'nullable', inner: this.read(def['innerType']) }
      case 'optional':
        return this.#optional(internals)
      case 'default':
        return { kind: 'default', inner: this.read(def['innerType']), definition: def }
      case 'union':
        return this.#union(internals)
      default:
        throw new UnknownPart()
    }
  }

  #tuple(def: ZodInternals['def']): ZodNode {
    const items = listOf(def['items'])
    // Optional items and a rest shorten the output by rules of their own.
    if (def['rest'] || items.some((item) => internalsOf(item).optin !== undefined)) throw new UnknownPart()
    return { kind: 'tuple', items: items.map((item) => this.read(item)) }
  }

  #object(def: ZodInternals['def']): ZodNode {
    const shape = def['shape']
    if (typeof shape !== 'object' || shape === null || Object.getOwnPropertySymbols(shape).length > 0) throw new UnknownPart()
    const properties = Object.entries(shape).map(([key, schema]) => this.#property(key, schema))
    return { kind: 'object', properties, unknownKeys: unknownKeys(def['catchall']) }
  }

  #property(key: string, schema: unknown): ZodProperty {
    // Zod leaves it out of its output, so that it cannot set the prototype.
    if (key === '__proto__') throw new UnknownPart()
    const { optin, optout } = internalsOf(schema)
    const node = this.read(schema)
    if (optin === undefined) return { key, node, absent: 'required' }
    if (optin === 'optional' && optout === 'optional') return { key, node, absent: 'omitted' }
    if (optin === 'defaulted' && optout !== 'optional') return { key, node, absent: 'filled' }
    if (optin === 'defaulted') return { key, node, absent: 'offered' }
    throw new UnknownPart()
  }

  #optional(internals: ZodInternals): ZodNode {
    const { innerType } = internals.def
    const inner = this.read(innerType)
    if (className(internals) === 'ExactOptional') return inner
    if (internalsOf(innerType).optin !== 'defaulted') return { kind: 'optional', inner }
    // What has a default gives that, and where it gives a problem instead, zod drops it.
    if (!takesUndefined(inner)) throw new UnknownPart()
    return inner
  }

  #union(internals: ZodInternals): ZodNode {
    const { def } = internals
    const schemas = listOf(def['options'])
    const options = schemas.map((option) => this.read(option))
    if (className(internals) === 'Union') return { kind: 'union', options }
    if (className(internals) !== 'DiscriminatedUnion' || def['unionFallback']) throw new UnknownPart()
    const discriminator = textOf(def['discriminator'])
    return { kind: 'discriminated', discriminator, options, choices: choices(schemas, discriminator) }
  }
}

// By the name of the constructor; those of formats are looked at as checks.
const knownClasses: Readonly<Record<string, ReadonlySet<string>>> = {
  boolean: new Set(['Boolean']),
  any: new Set(['Any']),
  unknown: new Set(['Unknown']),
  null: new Set(['Null']),
  undefined: new Set(['Undefined']),
  void: new Set(['Void']),
  literal: new Set(['Literal']),
  enum: new Set(['Enum']),
  array: new Set(['Array']),
  tuple: new Set(['Tuple']),
  object: new Set(['Object', 'ObjectJIT']),
  nullable: new Set(['Nullable']),
  optional: new Set(['Optional', 'ExactOptional']),
  default: new Set(['Default']),
  union: new Set(['Union', 'DiscriminatedUnion']),
  never: new Set(['Never']),
}

const checkedClasses: Readonly<Record<string, string>> = { string: 'String', number: 'Number', bigint: 'BigInt', date: 'Date' }

function isKnown(internals: ZodInternals): boolean {
  const type = textOf(internals.def['type'])
  // A schema that is a check itself is known if the check is.
  if (Object.hasOwn(checkedClasses, type)) return internals.traits.has('$ZodCheck') || checkedClasses[type] === className(internals)
  if (!Object.hasOwn(knownClasses, type) || !knownClasses[type]?.has(className(internals))) return false
  return type === 'array' || attachedChecks(internals).length === 0
}

function lengths(internals: ZodInternals): readonly ZodCheck[] {
  const checks = readChecks(internals)
  if (checks.some(({ check }) => check !== 'min-length' && check !== 'max-length' && check !== 'length')) throw new UnknownPart()
  return checks
}

function unknownKeys(catchall: unknown): 'strip' | 'reject' | 'keep' {
  if (catchall === undefined) return 'strip'
  const internals = internalsOf(catchall)
  const { type } = internals.def
  if (!isKnown(internals) || internals.run?.__originalRun !== undefined) throw new UnknownPart()
  if (type === 'never') return 'reject'
  if (type === 'unknown' || type === 'any') return 'keep'
  throw new UnknownPart()
}

function choices(options: readonly unknown[], discriminator: string): ReadonlyMap<unknown, number> {
  const chosen = new Map<unknown, number>()
  for (const [index, option] of options.entries()) {
    const { propValues } = internalsOf(option)
    if (typeof propValues !== 'object' || propValues === null) throw new UnknownPart()
    const values = setOf(Object.getOwnPropertyDescriptor(propValues, discriminator)?.value)
    for (const value of values) {
      // Zod rejects a second one, or takes none of them.
      if (chosen.has(value)) throw new UnknownPart()
      chosen.set(value, index)
    }
  }
  return chosen
}
