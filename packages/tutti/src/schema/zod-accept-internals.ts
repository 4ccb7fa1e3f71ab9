/** The part of zod's introspection that is read here; see https://zod.dev/library-authors. */
export interface ZodInternals {
  readonly def: Readonly<Record<string, unknown>>
  /** The names of its constructor and of all that this one builds upon, its own first. */
  readonly traits: ReadonlySet<string>
  readonly version?: { readonly major?: unknown; readonly minor?: unknown }
  readonly run?: { readonly __originalRun?: unknown }
  readonly check?: unknown
  readonly optin?: unknown
  readonly optout?: unknown
  readonly values?: unknown
  readonly propValues?: unknown
}

/** Thrown while a schema is read: there is a part in it whose behaviour is not known exactly. */
export class UnknownPart extends Error {}

/** The internals of a zod schema or check; throws `UnknownPart` for anything else. */
export function internalsOf(part: unknown): ZodInternals {
  if (typeof part !== 'object' || part === null || !('_zod' in part) || !isInternals(part._zod)) throw new UnknownPart()
  return part._zod
}

/**
 * What a schema or check is, as `String`, `Email` or `CheckMinLength`: the name of its own constructor, of any of zod's flavours. The
 * type in its definition is not enough: whoever builds upon zod's constructors keeps the type and changes the behaviour.
 */
export function className({ traits }: ZodInternals): string {
  const [own = ''] = traits
  return /^(?:\$Zod|ZodMini|Zod)(?=[A-Z])/.test(own) ? own.replace(/^(?:\$Zod|ZodMini|Zod)/, '') : ''
}

/** The value as an array; throws `UnknownPart` if it is none. */
export function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new UnknownPart()
  return value
}

/** The value as a finite number; throws `UnknownPart` if it is none. */
export function numberOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new UnknownPart()
  return value
}

/** The value as a string; throws `UnknownPart` if it is none. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new UnknownPart()
  return value
}

/** The value as a set; throws `UnknownPart` if it is none. */
export function setOf(value: unknown): ReadonlySet<unknown> {
  if (!(value instanceof Set)) throw new UnknownPart()
  return value
}

function isInternals(value: unknown): value is ZodInternals {
  if (typeof value !== 'object' || value === null || !('def' in value) || !('traits' in value)) return false
  return typeof value.def === 'object' && value.def !== null && value.traits instanceof Set
}
