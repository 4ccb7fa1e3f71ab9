import { median, pairedRatio } from './statistics.ts'

/** What was measured of each contender, round by round. */
export type Rounds<T> = ReadonlyMap<string, readonly T[]>

/** Measures contenders in turn, every other round in reverse: being first or last is nobody's advantage. */
export async function takeRounds<T>(
  count: number,
  contenders: readonly string[],
  measure: (contender: string, round: number) => Promise<T>,
): Promise<Rounds<T>> {
  const rounds = new Map(contenders.map((contender): [string, T[]] => [contender, []]))
  for (let round = 0; round < count; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed())
      rounds.get(contender)?.push(await measure(contender, round))
  }
  return rounds
}

/** The middle of one figure of a contender. */
export function middle<T>(rounds: Rounds<T>, contender: string, figure: (one: T) => number): number {
  return median((rounds.get(contender) ?? []).map(figure))
}

/** The median of how much more a contender has of a figure than another had in the same round. */
export function advantage<T>(rounds: Rounds<T>, [above, below]: readonly [string, string], figure: (one: T) => number): number {
  return pairedRatio((rounds.get(above) ?? []).map(figure), (rounds.get(below) ?? []).map(figure))
}
