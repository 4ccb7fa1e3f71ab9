import type { JsonSchema, Schema } from '../../schema/index.ts'
import { isBodyReader, type BodyReader } from '../body/reader.ts'
import type { RouteOptions } from '../route.ts'
import { membersOf } from './members.ts'
import type { SchemaComponents } from './schema-components.ts'
import type { OpenApiContent, OpenApiMediaType, OpenApiRequestBody } from './types.ts'

/** The request body of a route in its media types, with the route's examples; `undefined` where it declares none. */
export function requestBodyOf(
  { body, examples }: RouteOptions,
  components: SchemaComponents,
  hint: string,
): OpenApiRequestBody | undefined {
  if (body === undefined) return undefined
  const reader = isBodyReader(body) ? body : undefined
  const schema = isBodyReader(body) ? body.schema : body
  const described = schema === undefined ? undefined : components.add(schema, 'input', `${hint}Body`)
  const content =
    reader === undefined ? structuredContent(described ?? {}, components) : readerContent(reader, { described, components, hint })
  const { description } = described === undefined ? {} : components.resolve(described)
  return {
    ...(description !== undefined && { description }),
    ...(!takesNothing(reader, schema) && { required: true }),
    content: examples === undefined ? content : withExamples(content, examples),
  }
}

/** The same content with examples, which are `undefined` where a route has none. */
export function withExamples(content: OpenApiContent, examples: Readonly<Record<string, unknown>>): OpenApiContent {
  const shown = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]))
  return Object.fromEntries(Object.entries(content).map(([type, media]) => [type, { ...media, examples: shown }]))
}

function structuredContent(schema: JsonSchema, components: SchemaComponents): OpenApiContent {
  const { properties } = membersOf(schema, components)
  const flat = properties.size > 0 && [...properties.values()].every((property) => fitsForm(property, components))
  return { 'application/json': { schema }, ...(flat && { 'application/x-www-form-urlencoded': { schema } }) }
}

/** Whether a form field can carry what a schema wants: a text, or a list of texts. */
function fitsForm(property: JsonSchema, components: SchemaComponents): boolean {
  const { type, items } = components.resolve(property)
  return type === 'string' || (type === 'array' && typeof items === 'object' && components.resolve(items).type === 'string')
}

function readerContent(
  reader: BodyReader<unknown>,
  {
    described,
    components,
    hint,
  }: { readonly described: JsonSchema | undefined; readonly components: SchemaComponents; readonly hint: string },
): OpenApiContent {
  const own = reader.describe?.()
  const schema = own === undefined ? described : joined(components.addJson(own, { side: 'input', hint: `${hint}Body` }), components)
  // A range such as application/*+json covers no media type of OpenAPI, and stands beside the types that it is about.
  const types = reader.mediaTypes.filter((type) => !type.includes('*+'))
  return Object.fromEntries(types.map((type) => [type, mediaType(type, schema)]))
}

/** An intersection of objects as one object: forms are shown field by field only where the fields are in one place. */
function joined(schema: JsonSchema, components: SchemaComponents): JsonSchema {
  if (schema.allOf === undefined) return schema
  const { properties, required } = membersOf(schema, components)
  return { type: 'object', properties: Object.fromEntries(properties), ...(required.size > 0 && { required: [...required] }) }
}

function mediaType(type: string, schema: JsonSchema | undefined): OpenApiMediaType {
  if (schema !== undefined) return { schema }
  return type.startsWith('text/') ? { schema: { type: 'string' } } : {}
}

/** Whether a request may come without a body. */
function takesNothing(reader: BodyReader<unknown> | undefined, schema: Schema | undefined): boolean {
  if (schema === undefined) return reader?.empty !== undefined
  try {
    const result = schema['~standard'].validate(reader?.empty?.())
    if (!(result instanceof Promise)) return result.issues === undefined
    // What an asynchronous check says comes too late for the document; the cautious answer stands.
    result.catch(() => undefined)
    return false
  } catch {
    return false
  }
}
