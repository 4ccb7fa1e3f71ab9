import { alternatives, type Guard } from '../guard.ts'
import type { OpenApiSecurityScheme } from './types.ts'

/** The schemes of a document: those that are described, and for any other name that a guard uses what its challenge tells. */
export function securitySchemes(
  guards: readonly Guard[],
  described: Readonly<Record<string, OpenApiSecurityScheme>> = {},
): Record<string, OpenApiSecurityScheme> {
  const schemes = new Map(Object.entries(described))
  for (const guard of guards) {
    for (const name of alternatives(guard).flatMap((requirement) => Object.keys(requirement))) {
      const scheme = /^[\w-]+/.exec(guard.challenge ?? 'Bearer')?.[0].toLowerCase() ?? 'bearer'
      if (!schemes.has(name)) schemes.set(name, { type: 'http', scheme })
    }
  }
  return Object.fromEntries(schemes)
}
