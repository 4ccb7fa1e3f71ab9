/** How much is asked for at the same time, and for how long. */
export interface CallerPlan {
  readonly callers: number
  /** In milliseconds: what has begun by then is waited for, and counted. */
  readonly duration: number
}

/** What callers got done. */
export interface CallerFigures {
  readonly count: number
  /** Per second. */
  readonly rate: number
  /** In milliseconds. */
  readonly p50: number
  /** In milliseconds. */
  readonly p99: number
}

/** Calls again and again, each caller as soon as it was answered. The work gets the number of its caller and of its call, both from 0. */
export async function runCallers(
  { callers, duration }: CallerPlan,
  work: (caller: number, call: number) => Promise<unknown>,
): Promise<CallerFigures> {
  const latencies: number[] = []
  const start = performance.now()
  const callOn = async (caller: number): Promise<void> => {
    for (let call = 0, now = start; now - start < duration; call++) {
      await work(caller, call)
      const done = performance.now()
      latencies.push(done - now)
      now = done
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => callOn(caller)))
  const seconds = (performance.now() - start) / 1000
  const sorted = Float64Array.from(latencies).toSorted()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { count: sorted.length, rate: sorted.length / seconds, p50: at(0.5), p99: at(0.99) }
}
