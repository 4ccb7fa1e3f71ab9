import { compileSerializer, compileValidator, toJsonSchema, type Schema, type Validated } from '../schema/index.ts'
import { HttpError } from './errors.ts'
import { Problem } from './problem-schema.ts'
import { noRules, type ResponseRules } from './respond.ts'
import type { Route } from './route.ts'

/**
 * Compiles what a route's response schemas say. JSON is written by what a schema names; a schema that cannot be described as JSON Schema
 * makes what is written itself, so that no other fields get out either. With `validate` every value is checked as well.
 */
export function compileRules(route: Route, { validate }: { readonly validate: boolean }): ResponseRules {
  const declared = Object.entries(route.options.response ?? {}).map(([status, schema]) => [Number(status), schema] as const)
  if (declared.length === 0) return noRules
  const serializers = new Map(declared.map(([status, schema]) => [status, serializerOf(schema)]))
  const validators = new Map(declared.map(([status, schema]) => [status, compileValidator(schema)]))
  const described = [...serializers.values()].every((serializer) => serializer !== undefined)
  const problems = declared.flatMap(([status, schema]) => (schema === Problem ? [status] : []))
  const successes = declared.flatMap(([status]) => (status >= 200 && status < 300 ? [status] : []))

  const shape = (status: number, value: unknown): unknown => {
    const validator = validators.get(status)
    if (validator === undefined) return refuseUndeclared(route, status, { value, declared: [...validators.keys()] })
    if (!validate && serializers.get(status) !== undefined) return value
    const judge = (result: Validated<unknown>): unknown => {
      if (!result.ok)
        throw invalid(route, status, result.problems.map((problem) => `${problem.path || '(root)'}: ${problem.message}`).join('; '))
      return serializers.get(status) === undefined ? result.value : value
    }
    const result = validator(value)
    return result instanceof Promise ? result.then(judge) : judge(result)
  }
  return {
    status: successes.length === 0 ? 200 : Math.min(...successes),
    ...(problems.length > 0 && { problems: new Set(problems) }),
    serializer: (status) => serializers.get(status),
    shape: validate || !described ? shape : undefined,
  }
}

function serializerOf(schema: Schema): ((value: unknown) => string) | undefined {
  const described = toJsonSchema(schema, 'output')
  // `{}` says nothing: a transformation, whose result only the schema itself knows.
  return described === undefined || Object.keys(described).every((key) => key === '$schema') ? undefined : compileSerializer(described)
}

/** A handler may always answer with an error, declared or not; a success must be declared. */
function refuseUndeclared(
  route: Route,
  status: number,
  { value, declared }: { readonly value: unknown; readonly declared: readonly number[] },
): unknown {
  if (status >= 400) return value
  throw invalid(route, status, `this status is not declared; declared are ${declared.join(', ')}`)
}

function invalid(route: Route, status: number, problems: string): HttpError {
  return new HttpError(
    'TUTTI_RESPONSE_INVALID',
    `${route.method} ${route.path} answered ${status} with a body that its response schema does not allow: ${problems}`,
    { status: 500 },
  )
}
