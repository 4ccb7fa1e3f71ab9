/** What JSON sees of a value: what its `toJSON` gives. */
export function unwrap(value: unknown): unknown {
  return hasJson(value) ? value.toJSON('') : value
}

/** What JSON sees of a value that is no list and no object with properties: what its `toJSON` gives, or what is in its box. */
export function unbox(value: unknown): unknown {
  const seen = unwrap(value)
  return seen instanceof String || seen instanceof Number || seen instanceof Boolean ? seen.valueOf() : seen
}

function hasJson(value: unknown): value is { toJSON(key: string): unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { readonly toJSON?: unknown }).toJSON === 'function'
}
