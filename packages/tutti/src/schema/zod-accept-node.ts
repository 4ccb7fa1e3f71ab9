/** A check on a string, a number, a bigint, a date or the length of an array. */
export type ZodCheck =
  | { readonly check: 'min-length' | 'max-length' | 'length'; readonly bound: number }
  | { readonly check: 'compare'; readonly operator: '<' | '<=' | '>' | '>='; readonly bound: number }
  | { readonly check: 'safe-integer' }
  | { readonly check: 'range'; readonly integer: boolean; readonly minimum: number; readonly maximum: number }
  | { readonly check: 'pattern'; readonly pattern: RegExp }
  | { readonly check: 'includes'; readonly text: string; readonly position: number | undefined }
  | { readonly check: 'startsWith' | 'endsWith'; readonly text: string }
  /** A check that zod itself runs on a payload, whose value it may replace. */
  | { readonly check: 'run'; readonly run: (payload: ZodPayload) => unknown }

/** What zod hands to its checks. */
export interface ZodPayload {
  value: unknown
  readonly issues: unknown[]
}

/** A property of an object, and what becomes of it when the input lacks it. */
export interface ZodProperty {
  readonly key: string
  readonly node: ZodNode
  /**
   * `required`: it is rejected; `omitted`: the output lacks it as well; `filled`: the output has it in any case; `offered`: it has what the
   * schema makes of undefined, unless that is undefined or a problem.
   */
  readonly absent: 'required' | 'omitted' | 'filled' | 'offered'
}

/** A zod schema in plain data, of the kinds whose behaviour is known exactly. */
export type ZodNode =
  | { readonly kind: 'string' | 'number' | 'bigint' | 'date'; readonly checks: readonly ZodCheck[] }
  | { readonly kind: 'boolean' | 'unknown' }
  | { readonly kind: 'values'; readonly values: ReadonlySet<unknown> }
  | { readonly kind: 'array'; readonly element: ZodNode; readonly checks: readonly ZodCheck[] }
  | { readonly kind: 'tuple'; readonly items: readonly ZodNode[] }
  | { readonly kind: 'object'; readonly properties: readonly ZodProperty[]; readonly unknownKeys: 'strip' | 'reject' | 'keep' }
  | { readonly kind: 'nullable'; readonly inner: ZodNode }
  /** Undefined is taken as it is. */
  | { readonly kind: 'optional'; readonly inner: ZodNode }
  /** The definition gives a new default value each time that `defaultValue` is read. */
  | { readonly kind: 'default'; readonly inner: ZodNode; readonly definition: { readonly defaultValue?: unknown } }
  | { readonly kind: 'union'; readonly options: readonly ZodNode[] }
  | {
      readonly kind: 'discriminated'
      readonly discriminator: string
      readonly options: readonly ZodNode[]
      /** The index of the option that a value of the discriminator chooses. */
      readonly choices: ReadonlyMap<unknown, number>
    }

/** Whether a schema accepts undefined whatever else it demands; false where that is not certain. */
export function takesUndefined(node: ZodNode): boolean {
  switch (node.kind) {
    case 'unknown':
    case 'optional':
    case 'default':
      return true
    case 'nullable':
      return takesUndefined(node.inner)
    case 'values':
      return node.values.has(undefined)
    case 'union':
      return node.options.some(takesUndefined)
    default:
      return false
  }
}
