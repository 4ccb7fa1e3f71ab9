const FIRST = 500
const LONGEST = 15_000

/** How long to wait before the next attempt, in milliseconds: longer each time, and not at the same moment as everybody else. */
export function nextDelay(attempt: number, random: () => number = Math.random): number {
  const delay = Math.min(LONGEST, FIRST * 2 ** attempt)
  return delay / 2 + (delay / 2) * random()
}
