/**
 * The value below which a share of what a histogram counted lies, taken as evenly spread within each bucket; `null` where it counted
 * nothing. What is above the last bound counts as at it.
 */
export function percentile(buckets: readonly number[], counts: readonly number[], share: number): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  let below = 0
  for (const [i, count] of counts.entries()) {
    if (count > 0 && below + count >= share * all) {
      const upper = buckets[i]
      const lower = i === 0 ? Math.min(0, buckets[0] ?? 0) : (buckets[i - 1] ?? 0)
      return upper === undefined ? lower : lower + (upper - lower) * ((share * all - below) / count)
    }
    below += count
  }
  return buckets.at(-1) ?? null
}
