import { TuttiError } from '../kernel/index.ts'

/** One thing that is wrong with a value. */
export interface ValidationProblem {
  /** Where, dotted: `items.0.price`; empty for the value itself. */
  readonly path: string
  /** What is wrong, in the words of the schema library. */
  readonly message: string
  /** What is wrong, for programs: the code of the schema library where it has one (zod's `too_small`, valibot's `min_length`), else `invalid`. */
  readonly code: string
}

/** A value does not fit its schema (422): `problems` has all that is wrong with it. */
export class ValidationError extends TuttiError {
  readonly problems: readonly ValidationProblem[]

  constructor(problems: readonly ValidationProblem[], options?: { readonly cause?: unknown }) {
    super('TUTTI_VALIDATION', describe(problems), { ...options, status: 422 })
    this.problems = problems
  }
}

function describe(problems: readonly ValidationProblem[]): string {
  const [first, ...more] = problems
  if (first === undefined) return 'The value does not fit its schema.'
  const where = first.path === '' ? first.message : `${first.path}: ${first.message}`
  return more.length === 0 ? where : `${where} (and ${more.length} more problem${more.length === 1 ? '' : 's'})`
}
