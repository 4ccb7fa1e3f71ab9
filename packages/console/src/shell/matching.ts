/**
 * How well a text answers what was typed: 0 for not at all, more for letters in a row and at the beginnings of words. The letters have to
 * appear in order.
 */
export function matchScore(typed: string, text: string): number {
  const wanted = typed.toLowerCase().replaceAll(/\s+/g, '')
  if (wanted === '') return 1
  const within = text.toLowerCase()
  const whole = within.indexOf(typed.toLowerCase().trim())
  if (whole >= 0) return 100 + (isBeginning(within, whole) ? 50 : 0) - Math.min(whole, 40) * 0.1
  let score = 0
  let at = -1
  for (const letter of wanted) {
    const found = within.indexOf(letter, at + 1)
    if (found < 0) return 0
    score += isBeginning(within, found) ? 4 : found === at + 1 ? 3 : 1
    at = found
  }
  return (score / wanted.length) * 10
}

function isBeginning(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')
}

/** What answers best comes first; what does not answer at all is left out. */
export function bestMatches<T>(typed: string, all: readonly T[], textOf: (one: T) => string): readonly T[] {
  return all
    .map((one) => ({ one, score: matchScore(typed, textOf(one)) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ one }) => one)
}
