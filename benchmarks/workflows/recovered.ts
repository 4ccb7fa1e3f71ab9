import { setTimeout as sleep } from 'node:timers/promises'
import { interruption } from './order.ts'

/** How long a recovery took, in milliseconds since the engine was started. */
export interface Recovery {
  /** Until the first of the runs went on. */
  readonly first: number
  /** Until the last of them was completed. */
  readonly all: number
}

/** In a program under test: starts runs, and resolves when all of them are in the middle of their second step. */
export async function beginRuns(count: number, begin: (run: number) => Promise<unknown>): Promise<void> {
  interruption.isHeld = true
  let next = 0
  const starters = Array.from({ length: 64 }, async () => {
    for (let run = next++; run < count; run = next++) await begin(run)
  })
  await Promise.all(starters)
  await reached(count)
}

/** In a program under test: starts the engine, and waits until all interrupted runs are completed. */
export async function timeRecovery(count: number, engine: { start(): Promise<unknown>; count(): Promise<number> }): Promise<Recovery> {
  const start = performance.now()
  await engine.start()
  await reached(1)
  const first = performance.now() - start
  await reached(count)
  while ((await engine.count()) < count) await sleep(20)
  return { first, all: performance.now() - start }
}

async function reached(count: number): Promise<void> {
  for (const end = performance.now() + 240_000; interruption.begun < count; await sleep(5))
    if (performance.now() > end) throw new Error(`of ${count} runs only ${interruption.begun} have come to their second step`)
}
