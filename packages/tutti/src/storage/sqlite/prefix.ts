const surrogates = { first: 0xd800, behind: 0xe000 }
const lastCodePoint = 0x10ffff

/**
 * The first text behind all those that begin with the prefix, in the order of code points, which is the order of SQLite; `undefined` where
 * there is none.
 */
export function behindPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (char) => char.codePointAt(0) ?? 0)
  while (points.length > 0) {
    const last = points.pop() ?? 0
    if (last === lastCodePoint) continue
    return String.fromCodePoint(...points, last + 1 === surrogates.first ? surrogates.behind : last + 1)
  }
  return undefined
}
