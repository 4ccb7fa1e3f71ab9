/** Query parameters by name: a value, or every value where the name is repeated. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

type Values = Record<string, string | string[]>

// An object without a prototype that V8 still gives fast properties: no key of a request can reach Object.prototype.
const Bare = function (): void {} as unknown as new () => Values
Bare.prototype = Object.create(null) as Values

/**
 * Parses `application/x-www-form-urlencoded` text, as queries and simple forms use it: the result is that of `URLSearchParams`
 * (WHATWG URL section 5.1), grouped by name. Repeated names keep every value in order.
 */
export function parseQuery(text: string): Record<string, string | string[]> {
  const values = new Bare()
  let start = 0
  while (start < text.length) {
    let end = text.indexOf('&', start)
    if (end < 0) end = text.length
    if (end > start) {
      let equals = text.indexOf('=', start)
      if (equals < 0 || equals > end) equals = end
      const name = decode(text.slice(start, equals))
      const value = equals === end ? '' : decode(text.slice(equals + 1, end))
      const known = values[name]
      if (known === undefined) values[name] = value
      else if (typeof known === 'string') values[name] = [known, value]
      else known.push(value)
    }
    start = end + 1
  }
  return values
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced.toWellFormed()
  try {
    return decodeURIComponent(spaced.toWellFormed())
  } catch {
    // A stray percent sign or bytes that are not UTF-8: browsers keep or replace them rather than fail.
    return new URLSearchParams(`=${text}`).get('') ?? ''
  }
}
