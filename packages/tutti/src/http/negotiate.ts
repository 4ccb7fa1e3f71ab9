interface Range {
  readonly type: string
  readonly quality: number
  /** 3 for a type with parameters, 2 for `a/b`, 1 for `a/*`, 0 for anything. */
  readonly precision: number
}

/** The ranges of an `Accept`-like header; what cannot be read is left out. */
function parseRanges(header: string): Range[] {
  const ranges: Range[] = []
  for (const item of header.split(',')) {
    const [name = '', ...parameters] = item.split(';')
    const type = name.trim().toLowerCase()
    if (type === '') continue
    let quality = 1
    for (const parameter of parameters) {
      const [key = '', value = ''] = parameter.split('=')
      if (key.trim().toLowerCase() === 'q') quality = Number(value.trim())
    }
    if (!(quality >= 0 && quality <= 1)) continue
    ranges.push({ type, quality, precision: type === '*/*' || type === '*' ? 0 : type.endsWith('/*') ? 1 : 2 })
  }
  return ranges
}

/**
 * The offer that a client likes best by its `Accept` or `Accept-Encoding` header (RFC 9110 section 12.5): the highest quality wins,
 * and among equals the one offered first. `undefined` where the client takes none; without a header the first offer.
 */
export function negotiate(header: string | undefined, offers: readonly string[]): string | undefined {
  if (header === undefined || header === '*/*' || header.trim() === '') return offers[0]
  const ranges = parseRanges(header)
  let best: string | undefined
  let bestQuality = 0
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges)
    if (quality > bestQuality) {
      best = offer
      bestQuality = quality
    }
  }
  return best
}

/** How much a client wants `offer`, from 0 (not at all) to 1. */
function qualityOf(offer: string, ranges: readonly Range[] | string): number {
  let quality = 0
  let precision = -1
  for (const range of typeof ranges === 'string' ? parseRanges(ranges) : ranges) {
    if (range.precision <= precision || !covers(range.type, offer)) continue
    quality = range.quality
    precision = range.precision
  }
  return quality
}

function covers(range: string, offer: string): boolean {
  if (range === '*/*' || range === '*' || range === offer) return true
  return range.endsWith('/*') && offer.startsWith(range.slice(0, -1))
}
