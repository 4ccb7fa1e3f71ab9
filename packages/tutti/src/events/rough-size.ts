/** How many values are looked at; what is beyond is taken to be alike. */
const mostValues = 500
const deepest = 50

/** How many bytes a value takes in memory, roughly: from a look at some of it, so that large values cost little. */
export function roughSize(value: unknown): number {
  return measure(value, { left: mostValues }, 0)
}

function measure(value: unknown, budget: { left: number }, depth: number): number {
  budget.left--
  if (typeof value === 'string') return 24 + value.length
  if (typeof value !== 'object' || value === null) return 8
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength
  if (depth > deepest) return 64
  const items: readonly unknown[] =
    value instanceof Map ? [...value].flat() : Array.isArray(value) || value instanceof Set ? [...value] : Object.values(value)
  let size = 48
  let seen = 0
  for (const item of items) {
    if (budget.left <= 0) break
    size += 8 + measure(item, budget, depth + 1)
    seen++
  }
  return seen === 0 ? size + items.length * 16 : Math.round((size * items.length) / seen)
}
