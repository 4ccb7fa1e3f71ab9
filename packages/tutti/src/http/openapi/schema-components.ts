import { toJsonSchema, type JsonSchema, type Schema } from '../../schema/index.ts'
import { asJsonSchema, canonical, eachSchema, isNode, mapSchemas, type SchemaNode } from './schema-tree.ts'

/** Which face of a schema: what it takes, or what it gives. */
export type Side = 'input' | 'output'

/** A schema on its way into `components`. */
interface Part {
  readonly node: SchemaNode
  readonly name: string
  /** How often its name was found to belong to another schema. */
  clashes: number
}

interface Source {
  readonly root: SchemaNode
  readonly side: Side
  /** By pointer. */
  readonly parts: ReadonlyMap<string, Part>
  /** Places that refuse further members on the input side as well. */
  readonly strict: ReadonlySet<string>
}

const prefix = '#/components/schemas/'
// Names that libraries make up for schemas that have none.
const madeUp = /^(?:__schema|schema|intersection|union|alias|structure|node|def|_)?_*\d+$/i

/**
 * The schemas that a document's operations share. Schemas with a name (`id` or a title such as `OrderLine`), definitions and recursive
 * ones are kept here and referred to; a schema whose input and output differ is kept as `User` and `UserInput`.
 */
export class SchemaComponents {
  readonly #schemas = new Map<string, JsonSchema>()

  /** A schema as the document shows it at one place; `hint` names it where it needs a name and has none. A schema that cannot be described is `{}`. */
  add(schema: Schema, side: Side, hint: string): JsonSchema {
    const root = describe(schema, side)
    return root === undefined
      ? {}
      : this.addJson(root, { side, hint, strict: strictPlaces(side === 'output' ? describe(schema, 'input') : root) })
  }

  /** Like `add`, for a schema that is JSON Schema already. */
  addJson(
    root: object,
    { side, hint, strict }: { readonly side: Side; readonly hint: string; readonly strict?: ReadonlySet<string> },
  ): JsonSchema {
    if (!isNode(root)) return {}
    const source: Source = { root, side, parts: findParts(root, hint), strict: strict ?? strictPlaces(root) }
    for (let settled = false; !settled;) settled = this.#settle(source)
    for (const [pointer, part] of source.parts) this.#schemas.set(nameOf(part, side), rewrite(part.node, pointer, source))
    const own = source.parts.get('#')
    return own === undefined ? rewrite(root, '#', source) : { $ref: prefix + nameOf(own, side) }
  }

  /** What a reference into the components stands for; other schemas as they are. */
  resolve(schema: JsonSchema): JsonSchema {
    let current = schema
    for (let hops = 0; current.$ref?.startsWith(prefix) === true && hops < 32; hops++)
      current = this.#schemas.get(current.$ref.slice(prefix.length)) ?? {}
    return current
  }

  /** Those that `document` refers to, directly or through others, by name in alphabetical order. */
  usedBy(document: unknown): Record<string, JsonSchema> {
    const used = new Map<string, JsonSchema>()
    const visit = (value: unknown): void => {
      for (const [, name = ''] of JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([\w.-]+)/g)) {
        const schema = this.#schemas.get(name)
        if (schema === undefined || used.has(name)) continue
        used.set(name, schema)
        visit(schema)
      }
    }
    visit(document)
    return Object.fromEntries([...used].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Moves parts whose name belongs to a different schema to their next name; true when none had to move. */
  #settle(source: Source): boolean {
    const claimed = new Map<string, string>()
    let settled = true
    for (const [pointer, part] of source.parts) {
      const name = nameOf(part, source.side)
      const text = canonical(rewrite(part.node, pointer, source))
      const known = this.#schemas.get(name)
      const holder = claimed.get(name) ?? (known && canonical(known))
      if (holder === undefined || holder === text) claimed.set(name, text)
      else {
        part.clashes++
        settled = false
      }
    }
    return settled
  }
}

function describe(schema: Schema, side: Side): object | undefined {
  try {
    return toJsonSchema(schema, side)
  } catch {
    // A schema that contradicts itself is reported where the route is compiled; here it must not cost the other routes their description.
    return undefined
  }
}

/**
 * Validators that drop unknown members say of their output that it has none. For a client that is no promise to build on, so it is
 * shown only where the input refuses them as well.
 */
function strictPlaces(root: object | undefined): ReadonlySet<string> {
  const places = new Set<string>()
  if (isNode(root)) eachSchema(root, (node, pointer) => node['additionalProperties'] === false && places.add(pointer))
  return places
}

/** The schemas inside `root`, itself included, that belong into the components. */
function findParts(root: SchemaNode, hint: string): Map<string, Part> {
  const parts = new Map<string, Part>()
  const targets = new Set<string>()
  // Where the outermost schema is but a reference, what it refers to is the one that `hint` names.
  const stand = typeof root['$ref'] === 'string' ? pointerOf(root['$ref']) : '#'
  let unnamed = 0
  eachSchema(root, (node, pointer) => {
    if (typeof node['$ref'] === 'string') targets.add(pointerOf(node['$ref']))
    const definition = /\/(?:\$defs|definitions)\/([^/]+)$/.exec(pointer)?.[1]
    const name = ownName(node, definition)
    if (name !== undefined) parts.set(pointer, { node, name, clashes: 0 })
    else if (pointer === stand && pointer !== '#') parts.set(pointer, { node, name: hint, clashes: 0 })
    else if (definition !== undefined) parts.set(pointer, { node, name: `${hint}Part${++unnamed === 1 ? '' : unnamed}`, clashes: 0 })
  })
  const inside = [...targets].some((target) => target === '#' || (target.startsWith('#/') && partAt(target, parts) === undefined))
  if (inside && !parts.has('#')) parts.set('#', { node: root, name: hint, clashes: 0 })
  return parts
}

function ownName(node: SchemaNode, definition: string | undefined): string | undefined {
  const id =
    typeof node['$id'] === 'string'
      ? node['$id']
          .split(/[/#?]/)
          .findLast((part) => part !== '')
          ?.replace(/\.(?:schema\.)?json$/, '')
      : node['id']
  if (typeof id === 'string' && id !== '') return safeName(id)
  if (definition !== undefined && !madeUp.test(definition)) return safeName(definition.replaceAll('~1', '/').replaceAll('~0', '~'))
  const title = node['title']
  return typeof title === 'string' && /^[A-Z][A-Za-z0-9]*$/.test(title) && (node['type'] === 'object' || definition !== undefined)
    ? title
    : undefined
}

function safeName(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, '_')
}

function nameOf(part: Part, side: Side): string {
  if (part.clashes === 0) return part.name
  if (side === 'input') return `${part.name}Input${part.clashes === 1 ? '' : part.clashes}`
  return `${part.name}${part.clashes + 1}`
}

/** The part that a pointer means. A schema that was put into another one still points from its own root. */
function partAt(pointer: string, parts: ReadonlyMap<string, Part>): Part | undefined {
  const exact = parts.get(pointer)
  if (exact !== undefined || !/^#\/(?:\$defs|definitions)\//.test(pointer)) return exact
  return [...parts].find(([place]) => place.endsWith(pointer.slice(1)))?.[1]
}

/** The pointer of a reference, with what its URI form escapes written out. */
function pointerOf(reference: string): string {
  if (!reference.startsWith('#')) return reference
  try {
    return decodeURIComponent(reference)
  } catch {
    return reference
  }
}

/** A schema with its parts replaced by references, and without what only its own document needed. */
function rewrite(node: SchemaNode, pointer: string, source: Source): JsonSchema {
  const { $schema: _, $id: _id, id, $defs: _defs, definitions: _definitions, $ref, ...rest } = node
  const copy = mapSchemas(rest, pointer, (child, at) => {
    const part = source.parts.get(at)
    return part === undefined ? rewrite(child, at, source) : { $ref: prefix + nameOf(part, source.side) }
  })
  const { additionalProperties, ...open } = copy
  return asJsonSchema({
    ...(typeof $ref === 'string' && { $ref: retarget($ref, source) }),
    // As a keyword `id` is a name that has been used up; anything else that is called so stays.
    ...(id !== undefined && typeof id !== 'string' && { id }),
    ...(additionalProperties === false && source.side === 'output' && !source.strict.has(pointer) ? open : copy),
  })
}

function retarget(reference: string, { parts, side }: Source): string {
  const pointer = pointerOf(reference)
  const part = partAt(pointer, parts) ?? [...parts.values()].find(({ node }) => node['$id'] === reference)
  if (part !== undefined) return prefix + nameOf(part, side)
  const root = parts.get('#')
  return pointer.startsWith('#/') && root !== undefined ? `${prefix}${nameOf(root, side)}${pointer.slice(1)}` : reference
}
