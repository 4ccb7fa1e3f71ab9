import type { JsonSchema, Schema } from '../../schema/index.ts'
import type { RouteOptions } from '../route.ts'
import { membersOf } from './members.ts'
import type { PathTemplate, TemplateParameter } from './path-template.ts'
import type { SchemaComponents } from './schema-components.ts'
import type { OpenApiParameter } from './types.ts'

/** Headers that OpenAPI describes elsewhere and wants left out of parameters. */
const describedElsewhere = new Set(['accept', 'content-type', 'authorization'])

/** The parameters of a route: those of its path, then query, headers and cookies as its schemas say. */
export function parametersOf(
  template: PathTemplate,
  options: RouteOptions,
  { components, hint }: { readonly components: SchemaComponents; readonly hint: string },
): OpenApiParameter[] {
  const add = (schema: Schema | undefined, name: string): JsonSchema =>
    schema === undefined ? {} : components.add(schema, 'input', hint + name)
  return [
    ...pathParameters(template.parameters, add(options.params, 'Params'), components),
    ...looseParameters('query', add(options.query, 'Query'), components),
    ...looseParameters('header', add(options.headers, 'Headers'), components),
    ...looseParameters('cookie', add(options.cookies, 'Cookies'), components),
  ]
}

function pathParameters(declared: readonly TemplateParameter[], schema: JsonSchema, components: SchemaComponents): OpenApiParameter[] {
  const { properties } = membersOf(schema, components)
  return declared.map(({ name, source, pattern }) => {
    const property = properties.get(source) ?? { type: 'string' }
    // A pattern says something about texts alone; a number that a schema reads from the text is described by the schema.
    const textual = components.resolve(property).type === 'string'
    const parameter = parameterOf(name, 'path', {
      schema: pattern !== undefined && textual && property.pattern === undefined ? { ...property, pattern } : property,
      required: true,
    })
    if (source !== '*' || parameter.description !== undefined) return parameter
    return { ...parameter, description: 'The rest of the path; it may hold slashes.' }
  })
}

function looseParameters(place: 'query' | 'header' | 'cookie', schema: JsonSchema, components: SchemaComponents): OpenApiParameter[] {
  const { properties, required, others } = membersOf(schema, components)
  const named = [...properties]
    .filter(([name]) => place !== 'header' || !describedElsewhere.has(name.toLowerCase()))
    .map(([name, property]) =>
      parameterOf(name, place, { schema: property, required: required.has(name), list: isList(property, components) }),
    )
  if (others === undefined || place !== 'query') return named
  // The members of an exploded object are parameters of their own: any further ones.
  return [
    ...named,
    {
      name: properties.has('others') ? 'furtherParameters' : 'others',
      in: 'query',
      style: 'form',
      explode: true,
      schema: { type: 'object', additionalProperties: others },
    },
  ]
}

function parameterOf(
  name: string,
  place: OpenApiParameter['in'],
  terms: { readonly schema: JsonSchema; readonly required: boolean; readonly list?: boolean },
): OpenApiParameter {
  const { description, deprecated, ...schema } = terms.schema
  return {
    name,
    in: place,
    ...(description !== undefined && { description }),
    ...(terms.required && { required: true }),
    ...(deprecated === true && { deprecated }),
    ...(terms.list === true && (place === 'header' ? { style: 'simple' } : { style: 'form', explode: true })),
    schema,
  }
}

function isList(schema: JsonSchema, components: SchemaComponents): boolean {
  const node = components.resolve(schema)
  return (
    node.type === 'array' || (node.anyOf ?? []).some((option) => typeof option === 'object' && components.resolve(option).type === 'array')
  )
}
