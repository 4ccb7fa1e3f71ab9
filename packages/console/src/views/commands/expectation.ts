/** What a command expects of its stream, as it is written: a version, or a word. */
export function expectationOf(text: string): number | string {
  const word = text.trim()
  return /^\d+$/.test(word) ? Number(word) : word
}
