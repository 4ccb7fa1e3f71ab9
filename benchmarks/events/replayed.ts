/** What is read from the beginning. @default the whole store */
export interface Replay {
  readonly stream?: string
}

/** What came of a replay. */
export interface ReplayFigures {
  readonly count: number
  /** Of all that was ordered: whoever has the right one has looked into every event. */
  readonly quantity: number
  /** Events per second. */
  readonly rate: number
}

/** Times a replay, which looks into the data of every event. */
export async function timeReplay(replay: (look: (data: unknown) => void) => Promise<void>): Promise<ReplayFigures> {
  let count = 0
  let quantity = 0
  const start = performance.now()
  await replay((data) => {
    count++
    quantity += (data as { readonly quantity?: number }).quantity ?? 0
  })
  return { count, quantity, rate: count / ((performance.now() - start) / 1000) }
}
