import type { StringParts } from './string-parts.ts'
import { compileValidator, ValidationError, type Schema, type Validated, type ValidationProblem } from '../schema/index.ts'
import type { HttpContext } from './context.ts'
import { fill } from './context.ts'
import { wrapLists } from './string-parts.ts'

/** The parts of a request that schemas can check, in the order in which their problems are listed. */
const partNames = ['params', 'query', 'headers', 'cookies', 'body'] as const

/** A part of a request. */
export type PartName = (typeof partNames)[number]

/** Checks parts of a request and fills in what the schemas made of them. */
export type CheckParts = (ctx: HttpContext) => void | Promise<void>

/**
 * Compiles the checks of a route's schemas. All problems of a request are reported at once, in one `ValidationError` (422), each with
 * a path that begins with its part, such as `body.items.0.price`. `undefined` where the route has no schemas.
 */
export function compileParts(schemas: Partial<Record<PartName, Schema>>): CheckParts | undefined {
  const checks = partNames.flatMap((part) => {
    const schema = schemas[part]
    return schema === undefined
      ? []
      : [{ part, validate: compileValidator(schema), prepare: part === 'body' ? undefined : wrapLists(schema) }]
  })
  if (checks.length === 0) return undefined
  return (ctx) => {
    let problems: ValidationProblem[] | undefined
    let pending: Promise<void>[] | undefined
    const settle = (part: PartName, result: Validated<unknown>): void => {
      if (result.ok) ctx[fill](part, result.value)
      else
        (problems ??= []).push(
          ...result.problems.map((problem) => ({ ...problem, path: problem.path === '' ? part : `${part}.${problem.path}` })),
        )
    }
    for (const { part, validate, prepare } of checks) {
      const received: unknown = ctx[part]
      const result = validate(prepare === undefined ? received : prepare(received as StringParts))
      if (result instanceof Promise) (pending ??= []).push(result.then((settled) => settle(part, settled)))
      else settle(part, result)
    }
    if (pending === undefined) return refuse(problems)
    return Promise.all(pending).then(() => refuse(problems))
  }
}

function refuse(problems: readonly ValidationProblem[] | undefined): void {
  if (problems !== undefined) throw new ValidationError(problems.toSorted((a, b) => order(a) - order(b)))
}

function order(problem: ValidationProblem): number {
  return partNames.findIndex((part) => problem.path === part || problem.path.startsWith(`${part}.`))
}
