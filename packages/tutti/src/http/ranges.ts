/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** More ranges than this in one request are not served apart: the whole is sent (RFC 9110 section 14.2 allows it). */
const maxRanges = 16

/**
 * The ranges of a `Range` header (RFC 9110 section 14.1.2) that a body of `size` bytes can serve. Those that overlap or touch are
 * joined, so that a request never costs more than the body has. `undefined` where the header is to be ignored: another unit,
 * invalid syntax, or too many ranges. An empty list means that none can be served (416).
 */
export function parseRanges(header: string, size: number): readonly ByteRange[] | undefined {
  const list = /^bytes=(.*)$/i.exec(header.trim())?.[1]
  if (list === undefined) return undefined
  const items = list.split(',', maxRanges + 1)
  const specs = items.map((spec) => spec.trim()).filter((spec) => spec !== '')
  if (specs.length === 0 || items.length > maxRanges) return undefined
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const range = parseSpec(spec, size)
    if (range === 'invalid') return undefined
    if (range !== 'unsatisfiable') ranges.push(range)
  }
  return join(ranges)
}

function parseSpec(spec: string, size: number): ByteRange | 'invalid' | 'unsatisfiable' {
  const match = /^(\d*)-(\d*)$/.exec(spec)
  if (match === null) return 'invalid'
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return 'invalid'
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'invalid'
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** Joins what overlaps or touches; the order of first mention stays. */
function join(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = []
  for (const range of ranges) {
    let { start, end } = range
    let at = joined.length
    for (let i = joined.length - 1; i >= 0; i--) {
      const other = joined[i] as ByteRange
      if (other.start > end + 1 || start > other.end + 1) continue
      start = Math.min(start, other.start)
      end = Math.max(end, other.end)
      joined.splice(i, 1)
      at = i
    }
    joined.splice(Math.min(at, joined.length), 0, { start, end })
  }
  return joined
}
