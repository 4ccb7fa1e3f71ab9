import type { HttpContext } from './context.ts'
import { forbidden, unauthenticated } from './errors.ts'

/** Names of security schemes, all of which are needed, with their scopes. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>

/**
 * Decides whether a request may go on: `true` lets it, `false` answers 403 where the caller is known (`ctx.actor`) and 401 where
 * nobody is. It may also throw an error of its own, and it may set `ctx.actor` and `ctx.tenant`.
 */
export interface Guard {
  (ctx: HttpContext): boolean | Promise<boolean>
  /** The `WWW-Authenticate` challenge of a 401. @default 'Bearer' */
  readonly challenge?: string
  /** How the API description shows it: the names of security schemes and their scopes; a list gives alternatives. */
  readonly security?: SecurityRequirement | readonly SecurityRequirement[]
}

/** Passes when every guard passes; asks them in order and stops at the first that does not. */
export function all(...guards: readonly Guard[]): Guard {
  const challenge = guards.find((guard) => guard.challenge !== undefined)?.challenge
  return describe({ challenge, security: together(guards) }, async (ctx) => {
    for (const guard of guards) if ((await guard(ctx)) !== true) return false
    return true
  })
}

/** Passes when one guard passes; a guard that throws an authentication error counts as not passing. */
export function any(...guards: readonly Guard[]): Guard {
  const challenges = [...new Set(guards.flatMap(({ challenge }) => challenge ?? []))]
  return describe(
    { challenge: challenges.length === 0 ? undefined : challenges.join(', '), security: guards.flatMap(alternatives) },
    async (ctx) => {
      let denied: Error | undefined
      for (const guard of guards) {
        try {
          if ((await guard(ctx)) === true) return true
        } catch (error) {
          if (!isDenial(error)) throw error
          denied ??= error
        }
      }
      if (denied !== undefined && ctx.actor === undefined) throw denied
      return false
    },
  )
}

/** Passes when the guard does not. */
export function not(guard: Guard): Guard {
  return describe({ challenge: guard.challenge, security: [] }, async (ctx) => {
    try {
      return (await guard(ctx)) === false
    } catch (error) {
      if (isDenial(error)) return true
      throw error
    }
  })
}

/** Runs a guard and throws 401 or 403 where it does not pass. */
export function enforce(guard: Guard, ctx: HttpContext): void | Promise<void> {
  const verdict = guard(ctx)
  if (verdict === true) return
  // Whatever else a guard that was not type-checked returns lets nobody pass.
  if (!(verdict instanceof Promise)) throw denial(guard, ctx)
  return verdict.then((passed) => {
    if (passed !== true) throw denial(guard, ctx)
  })
}

function denial(guard: Guard, ctx: HttpContext): Error {
  return ctx.actor === undefined ? unauthenticated(undefined, guard.challenge) : forbidden()
}

function isDenial(error: unknown): error is Error {
  return error instanceof Error && 'status' in error && (error.status === 401 || error.status === 403)
}

/** What callers need for every guard: each alternative of one with each of the others; scopes of the same scheme add up. */
function together(guards: readonly Guard[]): SecurityRequirement[] {
  const stated = guards.map(alternatives).filter((list) => list.length > 0)
  if (stated.length === 0) return []
  return stated.reduce<SecurityRequirement[]>((combined, list) => combined.flatMap((left) => list.map((right) => merge(left, right))), [{}])
}

function merge(left: SecurityRequirement, right: SecurityRequirement): SecurityRequirement {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  return Object.fromEntries(names.map((name) => [name, [...new Set([...(left[name] ?? []), ...(right[name] ?? [])])]]))
}

/** What a guard states for the API description, as alternatives; none where it states nothing. */
export function alternatives({ security }: Guard): readonly SecurityRequirement[] {
  if (security === undefined) return []
  return isList(security) ? security : [security]
}

function isList(security: NonNullable<Guard['security']>): security is readonly SecurityRequirement[] {
  return Array.isArray(security)
}

function describe(
  { challenge, security }: { readonly challenge: string | undefined; readonly security: readonly SecurityRequirement[] },
  check: (ctx: HttpContext) => Promise<boolean>,
): Guard {
  const [only] = security
  return Object.assign(check, {
    ...(challenge === undefined ? undefined : { challenge }),
    ...(only === undefined ? undefined : { security: security.length === 1 ? only : security }),
  })
}
