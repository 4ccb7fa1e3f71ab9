/** Random numbers that are the same for the same seed (mulberry32). */
export interface Random {
  /** 0 up to, without, `below`. */
  whole(below: number): number
  chance(probability: number): boolean
}

/** A source of random numbers from a seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return { whole: (below) => Math.floor(next() * below), chance: (probability) => next() < probability }
}
