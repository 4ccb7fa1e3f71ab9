import { ValidationError, type ValidationProblem } from './errors.ts'
import type { InferOutput, Schema, StandardSchemaV1 } from './standard.ts'
import type { compileZodAccept, ZodAccept } from './zod-accept.ts'

/** What a validator found: the value as its schema gives it, or everything that is wrong with it. */
export type Validated<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly ValidationProblem[] }

/** Checks a value against the schema that it was compiled from; synchronous where the schema is. */
export type Validator<T> = (value: unknown) => Validated<T> | Promise<Validated<T>>

// A caller can make a million problems with one body, each of them larger than what caused it.
const maxProblems = 100

/**
 * Compiles the validator of a schema. At most 100 problems are reported. What a schema throws, or rejects with, passes on unchanged:
 * that is a fault in the schema, not in the value.
 */
export function compileValidator<S extends Schema>(schema: S): Validator<InferOutput<S>>
export function compileValidator(schema: Schema): Validator<unknown> {
  if (schema['~standard'].vendor !== 'zod') return (value) => validate(schema, value)
  let accept: ZodAccept | undefined
  return (value) => {
    // Not before the first value: of many schemas of an application most wait long for theirs.
    accept ??= zodCompiler()?.(schema)
    return accept?.(value) ?? validate(schema, value)
  }
}

/** Validates one value, once; throws `ValidationError` when it does not fit. Compile a validator for what is checked often. */
export async function parse<S extends Schema>(schema: S, value: unknown): Promise<InferOutput<S>>
export async function parse(schema: Schema, value: unknown): Promise<unknown> {
  const result = await validate(schema, value)
  if (!result.ok) throw new ValidationError(result.problems)
  return result.value
}

let loaded: typeof compileZodAccept | undefined
let loading: Promise<void> | undefined

// Kept out of the start of applications, few of which validate before they listen. Until it is there zod says the same, in more time.
function zodCompiler(): typeof compileZodAccept | undefined {
  loading ??= import('./zod-accept.ts').then((module) => {
    loaded = module.compileZodAccept
  })
  return loaded
}

function validate(schema: Schema, value: unknown): Validated<unknown> | Promise<Validated<unknown>> {
  // `validate` is what the libraries compile already: on zod it costs as much as safeParse for a good value and a third of it for a bad one.
  const result = schema['~standard'].validate(value)
  // Not `instanceof`: a promise from another realm taken for a result would count as a valid `undefined`.
  return 'then' in result ? result.then(toValidated) : toValidated(result)
}

function toValidated<T>(result: StandardSchemaV1.Result<T>): Validated<T> {
  if (!result.issues) return { ok: true, value: result.value }
  return { ok: false, problems: result.issues.slice(0, maxProblems).map(toProblem) }
}

function toProblem(issue: StandardSchemaV1.Issue): ValidationProblem {
  return { path: dotted(issue.path), message: issue.message, code: codeOf(issue) }
}

function dotted(path: StandardSchemaV1.Issue['path']): string {
  if (path === undefined || path.length === 0) return ''
  return path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.')
}

function codeOf(issue: StandardSchemaV1.Issue & { readonly code?: unknown; readonly type?: unknown }): string {
  if (typeof issue.code === 'string') return issue.code
  return typeof issue.type === 'string' ? issue.type : 'invalid'
}
