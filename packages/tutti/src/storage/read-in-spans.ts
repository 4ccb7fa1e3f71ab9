/** How many positions the first statement looks at. */
const firstSpan = 1_000_000

/** A statement that took less than this, in milliseconds, may look at twice as much the next time, and at half of it where it took more than five times as long. */
const quick = 1_000

/** Positions behind `after` up to `to`, and how many rows are wanted of them. */
export interface PositionSpan {
  readonly after: number
  readonly to: number
  readonly limit: number
}

/**
 * Reads the rows of positions in spans, one statement each, until there are enough: where a filter fits little a statement would look at
 * the whole log, and take longer than any may.
 */
export async function readInSpans<Row>(
  { after, to, limit, backwards }: PositionSpan & { readonly backwards: boolean },
  read: (span: PositionSpan) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  let size = firstSpan
  let [low, high] = [after, to]
  while (low < high && rows.length < limit) {
    const middle = backwards ? Math.max(low, high - size) : Math.min(high, low + size)
    const since = performance.now()
    const found = await read({ ...(backwards ? { after: middle, to: high } : { after: low, to: middle }), limit: limit - rows.length })
    for (const row of found) rows.push(row)
    const took = performance.now() - since
    if (took < quick) size *= 2
    else if (took > quick * 5) size = Math.max(1, Math.floor(size / 2))
    if (backwards) high = middle
    else low = middle
  }
  return rows
}
