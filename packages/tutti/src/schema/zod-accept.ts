import { generateAccept, notAccepted } from './zod-accept-code.ts'
import { readZod } from './zod-accept-read.ts'

/** Gives what zod would make of a value; undefined for what is to be left to zod. */
export type ZodAccept = (value: unknown) => { readonly ok: true; readonly value: unknown } | undefined

/**
 * Compiles a schema of zod 4 into a function that gives for what the schema accepts exactly what zod gives, in a fraction of the time, and
 * undefined for everything else, which is then for zod to judge. A schema with any part whose behaviour is not known here (refinements,
 * transforms, coercion, records, recursion, releases of zod not looked at) accepts nothing. It never throws.
 *
 * Where a value is not accepted, its getters and the schema's defaults have run once when zod runs them. Where an option of a union is not
 * the right one, what zod would go on to run in it after its first problem does not run, and so cannot throw.
 */
export function compileZodAccept(schema: unknown): ZodAccept {
  const node = readZod(schema)
  const accept = node && generateAccept(node)
  if (accept === undefined) return nothing
  return (input) => {
    try {
      const value = accept(input)
      return value === notAccepted ? undefined : { ok: true, value }
    } catch {
      // What a getter or a default threw: zod says what comes of it.
      return undefined
    }
  }
}

function nothing(): undefined {
  return undefined
}
