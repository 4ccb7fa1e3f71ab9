/** Where the text goes on behind spaces, comments and semicolons. */
export function behindNoise(text: string, from = 0): number {
  let at = from
  for (;;) {
    const noise = text[at] === '-' && text[at + 1] === '-' ? '\n' : text[at] === '/' && text[at + 1] === '*' ? '*/' : undefined
    if (noise !== undefined) {
      const end = text.indexOf(noise, at + 2)
      if (end < 0) return text.length
      at = end + noise.length
    } else if (at < text.length && /[\s;\uFEFF]/.test(text.charAt(at))) at++
    else return at
  }
}

/** The word that a statement begins with, in small letters. */
export function firstWord(text: string): string {
  const from = behindNoise(text)
  return (/^[a-z]*/i.exec(text.slice(from, from + 20))?.[0] ?? '').toLowerCase()
}
