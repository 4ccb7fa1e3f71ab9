/** A part of Tutti or of the application, as the SDK names it. */
interface Scope {
  readonly name: string
}

const scopes = new Map<string, Scope>()

/** The scope of that name: always the same object, by which the SDK gathers what belongs together. There are as many as the code has tracers and meters. */
export function scope(name: string): Scope {
  const found = scopes.get(name)
  if (found !== undefined) return found
  const made = { name }
  scopes.set(name, made)
  return made
}
