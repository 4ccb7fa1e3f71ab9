/** A value as a literal. Sessions never have NO_BACKSLASH_ESCAPES, and speak utf8mb4, where no character holds the byte of another. */
export function literal(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (!Number.isFinite(value)) throw new TypeError(`A number to be stored is ${value}; wanted a finite one.`)
  return String(value)
}

/** Literals separated by commas, for `in (…)`. */
export function literals(values: Iterable<string | number>): string {
  return Array.from(values, literal).join(',')
}

/** A pattern for `like … escape '|'` that fits what begins with a text. */
export function beginsWith(prefix: string): string {
  return quoted(`${prefix.replaceAll(/[|%_]/g, '|$&')}%`)
}

/** A name of a table or database. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the zero character is what has to be escaped
  return `'${/[\\'\u0000]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\u0000', '\\0') : text}'`
}
