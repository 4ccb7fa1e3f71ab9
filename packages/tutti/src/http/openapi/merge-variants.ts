import type { SecurityRequirement } from '../guard.ts'
import type { Route } from '../route.ts'
import { eitherOf } from './members.ts'
import type { OpenApiContent, OpenApiOperation, OpenApiParameter, OpenApiReference, OpenApiRequestBody, OpenApiResponse } from './types.ts'

/** A route with what there is to say about it alone. */
export interface Described {
  readonly route: Route
  readonly operation: OpenApiOperation
}

/**
 * One operation from the routes that share its path and method, the newest API version first. OpenAPI has no place for several, so the
 * operation takes and answers what any of them does, names itself after the first, and tells how to ask for each.
 */
export function mergeVariants(variants: readonly Described[]): OpenApiOperation {
  const operations = variants.map(({ operation }) => operation)
  const [first] = operations as [OpenApiOperation, ...OpenApiOperation[]]
  const parameters = [...mergeParameters(operations), ...versionParameter(variants)]
  const requestBody = mergeBodies(operations)
  const tags = [...new Set(operations.flatMap((operation) => operation.tags ?? []))]
  const security = mergeSecurity(operations)
  const description = [first.description, constraintText(variants)].filter((text) => text !== undefined).join('\n\n')
  return {
    ...(tags.length > 0 && { tags }),
    ...(first.summary !== undefined && { summary: first.summary }),
    ...(description !== '' && { description }),
    ...(operations.every((operation) => operation.deprecated === true) && { deprecated: true }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: mergeResponses(operations),
    ...(security && { security }),
  }
}

function mergeParameters(operations: readonly OpenApiOperation[]): OpenApiParameter[] {
  const byName = Map.groupBy(
    operations.flatMap((operation) => operation.parameters ?? []),
    (parameter) => `${parameter.in} ${parameter.name}`,
  )
  return [...byName.values()].map((same) => {
    const { required: _, ...first } = same[0] as OpenApiParameter
    const everywhere = same.length === operations.length && same.every((parameter) => parameter.required === true)
    return {
      ...first,
      ...((everywhere || first.in === 'path') && { required: true }),
      schema: eitherOf(same.map((parameter) => parameter.schema)),
    }
  })
}

function versionParameter(variants: readonly Described[]): OpenApiParameter[] {
  const versions = [...new Set(variants.flatMap(({ route }) => route.options.version ?? []))]
  if (versions.length === 0) return []
  const description =
    'The version of the API. It can also be asked for in the media type, as `Accept: application/json; version=…`. ' +
    (versions.length === 1
      ? 'A part of it, such as the first number, is enough.'
      : 'The newest one that fits answers: a part of it, such as the first number, is enough.')
  const required = variants.every(({ route }) => route.options.version !== undefined)
  return [
    { name: 'Accept-Version', in: 'header', description, ...(required && { required }), schema: { type: 'string', examples: versions } },
  ]
}

function mergeBodies(operations: readonly OpenApiOperation[]): OpenApiRequestBody | undefined {
  const bodies = operations.flatMap((operation) => operation.requestBody ?? [])
  const [first] = bodies
  if (first === undefined) return undefined
  const { required: _, ...rest } = first
  const everywhere = bodies.length === operations.length && bodies.every((body) => body.required === true)
  return { ...rest, ...(everywhere && { required: true }), content: mergeContents(bodies.map((body) => body.content)) }
}

function mergeResponses(operations: readonly OpenApiOperation[]): OpenApiOperation['responses'] {
  const byStatus = Map.groupBy(
    operations.flatMap((operation) => Object.entries(operation.responses)),
    ([status]) => status,
  )
  return Object.fromEntries([...byStatus].map(([status, same]) => [status, mergeStatus(same.map(([, response]) => response))]))
}

function mergeStatus(responses: readonly (OpenApiResponse | OpenApiReference)[]): OpenApiResponse | OpenApiReference {
  const own = responses.filter((response): response is OpenApiResponse => !('$ref' in response))
  const [first] = own
  if (first === undefined) return responses[0] as OpenApiReference
  const contents = own.flatMap((response) => (response.content === undefined ? [] : [response.content]))
  return { ...first, ...(contents.length > 0 && { content: mergeContents(contents) }) }
}

function mergeContents(contents: readonly OpenApiContent[]): OpenApiContent {
  const byType = Map.groupBy(
    contents.flatMap((content) => Object.entries(content)),
    ([type]) => type,
  )
  return Object.fromEntries(
    [...byType].map(([type, same]) => {
      const media = same.map(([, item]) => item)
      const schemas = media.flatMap((item) => item.schema ?? [])
      const examples = Object.assign({}, ...media.toReversed().map((item) => item.examples)) as NonNullable<
        (typeof media)[number]['examples']
      >
      return [
        type,
        { ...(schemas.length === media.length && { schema: eitherOf(schemas) }), ...(Object.keys(examples).length > 0 && { examples }) },
      ]
    }),
  )
}

/** What any of the routes asks for is enough; `{}` means that one of them asks for nothing. */
function mergeSecurity(operations: readonly OpenApiOperation[]): readonly SecurityRequirement[] | undefined {
  if (operations.every((operation) => operation.security === undefined)) return undefined
  const all = operations.flatMap((operation) => operation.security ?? [{}])
  return [...new Map(all.map((requirement) => [JSON.stringify(requirement), requirement])).values()]
}

function constraintText(variants: readonly Described[]): string | undefined {
  const texts = variants.map(({ route }) =>
    Object.entries(route.options.constraints ?? {})
      .flatMap(([name, value]) => (value === undefined ? [] : [`${name} is \`${String(value)}\``]))
      .join(' and '),
  )
  return texts.some((text) => text === '') ? undefined : `Answers only where ${[...new Set(texts)].join(', or ')}.`
}
