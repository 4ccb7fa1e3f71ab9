import type { Schema } from '../../schema/index.ts'
import { Problem } from '../problem-schema.ts'
import type { RouteOptions } from '../route.ts'
import { statusTitle } from '../status.ts'
import { withExamples } from './request-body.ts'
import type { SchemaComponents } from './schema-components.ts'
import type { OpenApiContent, OpenApiOperation, OpenApiReference, OpenApiResponse } from './types.ts'

const successTitles: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  207: 'Multi-Status',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
}

/** Responses that Tutti gives by itself, in `components.responses` of every document. */
export function sharedResponses(components: SchemaComponents): Record<string, OpenApiResponse> {
  const content: OpenApiContent = { 'application/problem+json': { schema: components.add(Problem, 'output', 'Problem') } }
  return {
    Unauthenticated: { description: 'The request needs an authenticated caller.', content },
    Forbidden: { description: 'The caller may not do this.', content },
    Invalid: { description: 'The request does not fit its schemas; `errors` lists everything that is wrong with it.', content },
    Problem: { description: 'What went wrong, as a problem document (RFC 9457).', content },
  }
}

/** The responses of a route: those that it declares, and those that follow from its guard and its schemas. */
export function responsesOf(
  options: RouteOptions,
  terms: { readonly components: SchemaComponents; readonly hint: string; readonly mediaTypes: readonly string[] },
): OpenApiOperation['responses'] {
  const declared = Object.entries(options.response ?? {})
  const responses: Record<string, OpenApiResponse | OpenApiReference> = declared.length === 0 ? { '2XX': { description: 'Success' } } : {}
  for (const [status, schema] of declared) responses[status] = declaredResponse(Number(status), schema, { ...terms, options })
  if (options.guard !== undefined) {
    responses['401'] ??= { $ref: '#/components/responses/Unauthenticated' }
    responses['403'] ??= { $ref: '#/components/responses/Forbidden' }
  }
  if (hasSchemas(options)) responses['422'] ??= { $ref: '#/components/responses/Invalid' }
  responses['default'] ??= { $ref: '#/components/responses/Problem' }
  return responses
}

function declaredResponse(
  status: number,
  schema: Schema,
  terms: {
    readonly components: SchemaComponents
    readonly hint: string
    readonly mediaTypes: readonly string[]
    readonly options: RouteOptions
  },
): OpenApiResponse {
  const { components, hint, mediaTypes, options } = terms
  const described = components.add(schema, 'output', `${hint}${status}Response`)
  const { description, type } = components.resolve(described)
  const title = successTitles[status] ?? (status < 400 ? 'Success' : statusTitle(status))
  if (schema === Problem) return { description: title, content: { 'application/problem+json': { schema: described } } }
  if (status === 204 || status === 205 || status === 304) return { description: description ?? title }
  // A text is answered as text, whatever encoders there are.
  const types = type === 'string' ? ['text/plain'] : mediaTypes
  const content = Object.fromEntries(types.map((name) => [name, { schema: described }]))
  const exemplary = options.body === undefined && options.examples !== undefined && status < 300
  return { description: description ?? title, content: exemplary ? withExamples(content, options.examples ?? {}) : content }
}

function hasSchemas({ params, query, headers, cookies, body }: RouteOptions): boolean {
  const checked = body !== undefined && (!('read' in body) || body.schema !== undefined)
  return checked || [params, query, headers, cookies].some((schema) => schema !== undefined)
}
