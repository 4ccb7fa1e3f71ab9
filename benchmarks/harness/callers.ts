import { percentiles, type Percentiles } from './statistics.ts'

/** How much is asked for at the same time, and for how long. */
export interface CallerPlan {
  readonly callers: number
  /** In milliseconds: what has begun by then is waited for, and counted. */
  readonly duration: number
}

/** What callers got done. */
export interface CallerFigures extends Percentiles {
  readonly count: number
  /** Per second. */
  readonly rate: number
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
  return { count: latencies.length, rate: latencies.length / seconds, ...percentiles(latencies) }
}
