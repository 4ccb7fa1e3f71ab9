import type { JsonSchema, StandardJSONSchemaV1, StandardSchemaV1 } from '../schema/index.ts'
import type { ProblemDocument } from './problem.ts'

const text = { type: 'string' } as const

const described = {
  title: 'Problem',
  description: 'A problem document (RFC 9457).',
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Names the kind of problem; without it the status says it all.' },
    title: { ...text, description: 'What the status means.' },
    status: { type: 'integer', minimum: 100, maximum: 599, description: 'The HTTP status.' },
    detail: { ...text, description: 'What went wrong this time.' },
    code: { ...text, description: 'Stable, and meant for programs.' },
    requestId: { ...text, description: 'The id of the request in logs and traces.' },
    errors: {
      type: 'array',
      description: 'Each thing that is wrong with the request.',
      items: { type: 'object', properties: { path: text, message: text, code: text }, required: ['path', 'message', 'code'] },
    },
  },
  required: ['title', 'status', 'code'],
} as const satisfies JsonSchema

type Issue = StandardSchemaV1.Issue

/**
 * The schema of problem documents (RFC 9457) as Tutti writes them, for the statuses of a route: `response: { 404: Problem }`. Further
 * members are kept.
 */
export const Problem: StandardSchemaV1<ProblemDocument> & StandardJSONSchemaV1<ProblemDocument> = {
  '~standard': {
    version: 1,
    vendor: 'tutti',
    validate: (value) => {
      const issues = problemsOf(value)
      return isProblem(value, issues) ? { value } : { issues }
    },
    jsonSchema: {
      input: () => structuredClone<Record<string, unknown>>(described),
      output: () => structuredClone<Record<string, unknown>>(described),
    },
  },
}

function isProblem(value: unknown, issues: readonly Issue[]): value is ProblemDocument {
  return issues.length === 0 && value !== undefined
}

function problemsOf(value: unknown): Issue[] {
  if (!isObject(value)) return [{ message: `Wanted a problem document, received ${kindOf(value)}.` }]
  const { status, errors } = value
  return [
    ...['title', 'code'].flatMap((key) => wantText(value, key)),
    ...['type', 'detail', 'requestId'].flatMap((key) => (value[key] === undefined ? [] : wantText(value, key))),
    ...(typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599
      ? []
      : [{ message: 'Wanted a whole number from 100 to 599.', path: ['status'] }]),
    ...(errors === undefined
      ? []
      : Array.isArray(errors)
        ? errors.flatMap((error: unknown, i) => errorIssues(error, i))
        : [{ message: `Wanted a list, received ${kindOf(errors)}.`, path: ['errors'] }]),
  ]
}

function errorIssues(error: unknown, place: number): Issue[] {
  if (!isObject(error)) return [{ message: `Wanted an object, received ${kindOf(error)}.`, path: ['errors', place] }]
  return ['path', 'message', 'code'].flatMap((key) => wantText(error, key).map((issue) => ({ ...issue, path: ['errors', place, key] })))
}

function wantText(value: Readonly<Record<string, unknown>>, key: string): Issue[] {
  return typeof value[key] === 'string' ? [] : [{ message: `Wanted a text, received ${kindOf(value[key])}.`, path: [key] }]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
}
