/** The paths of a small line and of the area below it. It starts at 0, so that a calm value looks calm. */
export function sparkline(
  values: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
): { readonly line: string; readonly area: string } {
  if (values.length === 0) return { line: '', area: '' }
  const highest = Math.max(...values, Number.MIN_VALUE)
  const lowest = Math.min(...values, 0)
  const step = values.length === 1 ? 0 : width / (values.length - 1)
  // Room for the stroke at both edges.
  const y = (value: number): number => Math.round((height - 1 - ((value - lowest) / (highest - lowest)) * (height - 2)) * 10) / 10
  const points = values.map((value, index) => `${Math.round(index * step * 10) / 10} ${y(value)}`)
  const drawn = points.length === 1 ? [...points, `${width} ${y(values[0] ?? 0)}`] : points
  const line = `M${drawn.join('L')}`
  return { line, area: `${line}L${width} ${height}L0 ${height}Z` }
}
